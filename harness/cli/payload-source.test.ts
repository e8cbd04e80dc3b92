import { expect, test } from 'vitest'
import { nextVersion, requireNewer } from './payload-source.ts'

test.each([
  ['1.0.0', 1, '1.0.1'],
  ['1.0.9', 2, '1.0.11'],
  ['4230.2.1+nightly', 1, '4230.2.2'],
  ['7', 1, '8'],
])('after %s comes, %i further, %s', (version, steps, expected) => {
  expect(nextVersion(version, steps)).toBe(expected)
})

test('a version without a number has no next one', () => {
  expect(() => nextVersion('main', 1)).toThrow('no telling what comes after')
})

test('an update goes to a newer version', () => {
  expect(() => requireNewer('1.0.0', '1.0.1')).not.toThrow()
  expect(() => requireNewer('1.0.1', '1.0.1')).toThrow('both images are of version 1.0.1')
  expect(() => requireNewer('1.10.0', '1.9.0')).toThrow('is older than 1.10.0')
})
