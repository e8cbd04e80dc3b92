import { expect, test } from 'vitest'
import { violations, type Operation } from './register.ts'

const op = (
  kind: Operation['kind'],
  value: number,
  [beganMs, endedMs]: readonly [number, number],
  acknowledged = true,
): Operation => ({ kind, member: 'm0', beganMs, endedMs, value, acknowledged })

test('reads between what was acknowledged and what was begun are fine', () => {
  const history = [
    op('read', 0, [0, 1]),
    op('write', 1, [2, 4]),
    op('read', 0, [2, 3]),
    op('read', 1, [3, 5]),
    op('write', 2, [6, 8], false),
    // It may have happened, or not.
    op('read', 1, [9, 10]),
    op('read', 2, [9, 10]),
    op('read', Number.NaN, [9, 10], false),
  ]
  expect(violations(history)).toEqual([])
})

test.each<[string, readonly Operation[], string]>([
  [
    'an acknowledged write that is lost',
    [op('write', 1, [0, 1]), op('read', 0, [2, 3])],
    'm0 read 0; 1 was acknowledged before, 1 was written last',
  ],
  [
    'a value that nobody has written yet',
    [op('write', 1, [4, 5]), op('read', 1, [2, 3])],
    'm0 read 1; 0 was acknowledged before, 0 was written last',
  ],
])('%s is named', (_, history, line) => {
  expect(violations(history)).toEqual([line])
})
