// A corpus for the CLI's own tests: a body that waits until it is interrupted.

import { test } from '../../index.ts'

test('outcome.waits', { timeoutMs: 600_000 }, async ({ machine }) => {
  await machine.run('sleep 600', { timeoutMs: 600_000 })
})
