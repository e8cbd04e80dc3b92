// For machines that are there already: no config of their own, no platform's lines.

import { expect, test } from '../../index.ts'

test('hosts.answers', { description: 'A host of a list runs a command.' }, async ({ machine }) => {
  expect(await machine.run('echo hello')).toBe('hello')
})
