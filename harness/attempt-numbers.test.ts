import { expect, it } from 'vitest'
import { openAttemptNumbers } from './attempt-numbers.ts'
import { openBeside } from './beside.ts'

it('counts the attempts of each test from 1, also when several begin before one ends', () => {
  const numbers = openAttemptNumbers()
  expect([numbers.take('a'), numbers.take('a'), numbers.take('b'), numbers.take('a')]).toEqual([1, 2, 1, 3])
})

it('gives a number again that no attempt came of', () => {
  const numbers = openAttemptNumbers()
  numbers.take('a')
  numbers.take('a')
  numbers.giveBack('a', 1)
  expect([numbers.take('a'), numbers.take('a')]).toEqual([1, 3])
})

it('knows how many were there at the same time, also before and after', () => {
  const beside = openBeside()
  const first = beside.enter()
  expect(first.most()).toBe(0)
  const second = beside.enter()
  const third = beside.enter()
  second[Symbol.dispose]()
  expect([first.most(), second.most(), third.most()]).toEqual([2, 2, 2])
  third[Symbol.dispose]()
  const fourth = beside.enter()
  expect([first.most(), fourth.most()]).toEqual([2, 1])
})
