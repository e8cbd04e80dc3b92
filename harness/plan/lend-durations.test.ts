import { expect, it } from 'vitest'
import { lendDurations } from './lend-durations.ts'

const book = {
  durations: new Map([
    ['kvm a', 100],
    ['kvm b', 200],
    ['tcg a', 900],
    ['tcg b', 1800],
    ['part a', 7],
    ['old a', 50],
    ['old b', 60],
    ['mine c', 5],
  ]),
  slownesses: new Map([
    ['kvm', 1],
    ['tcg', 8],
    ['part', 16],
  ]),
}
const lend = (slowness: number, tests: readonly string[], target = 'mine') =>
  lendDurations({ target, tests, slowness, book })

it.each<[string, number, readonly string[], string, number, number]>([
  ['of the one that is alike in speed, scaled', 16, ['a', 'b'], 'tcg', 2, 1800],
  ['the other way round', 0.5, ['a', 'b'], 'kvm', 0.5, 50],
  ['of the one that knows most, though it is less alike', 16, ['a', 'b', 'c'], 'tcg', 2, 1800],
])('%s', (_, slowness, tests, target, factor, ofA) => {
  const lent = lend(slowness, tests)
  expect(lent).toMatchObject({ target, factor })
  expect(lent?.ofMs('a')).toBe(ofA)
  expect(lent?.ofMs('zzz')).toBeUndefined()
})

it('as they are, of one whose speed nobody knows, where there is no other', () => {
  const durations = new Map([['old a', 50]])
  const lent = lendDurations({ target: 'mine', tests: ['a'], slowness: 8, book: { ...book, durations } })
  expect(lent).toMatchObject({ target: 'old', factor: 1 })
  expect(lent?.ofMs('a')).toBe(50)
})

it('never of the target itself, and of nobody who knows none of the tests', () => {
  expect(lend(1, ['c'])).toBeUndefined()
  expect(lend(1, ['c'], 'other')).toMatchObject({ target: 'mine' })
  expect(lend(1, ['zzz'])).toBeUndefined()
})
