// The host's word, through the front door of the schedule.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Admission } from './admission.ts'
import { openStage } from './schedule.test.stage.ts'

it('is asked before each start but the first, and again when a job finishes', async () => {
  const asked: number[] = []
  let answer = true
  const { add, finish, started, clock } = openStage({
    mayAdmit: ({ memoryMiB }) => {
      asked.push(memoryMiB)
      return answer
    },
  })
  add('a', { weightMs: 9, memoryMiB: 9 })
  add('b', { weightMs: 8, memoryMiB: 8 })
  await nextTurn()
  expect([started, asked]).toEqual([['a', 'b'], [8]])
  answer = false
  add('c', { memoryMiB: 7 })
  add('d', { memoryMiB: 6 })
  await clock.pass(1e6)
  expect([started, asked]).toEqual([
    ['a', 'b'],
    [8, 7],
  ])
  await finish('a')
  expect(asked).toEqual([8, 7, 7])
  await finish('b')
  // Nothing runs, so one starts unasked; the next is asked about.
  expect([started, asked]).toEqual([
    ['a', 'b', 'c'],
    [8, 7, 7, 6],
  ])
  await finish('c')
  expect(started).toEqual(['a', 'b', 'c', 'd'])
})

it('is asked again after the delay it gave, unless something finished before', async () => {
  let asked = 0
  const mayAdmit = (): Admission => {
    asked += 1
    return asked === 3 || { retryAfterMs: 500 }
  }
  const { add, finish, started, clock } = openStage({ mayAdmit })
  for (const id of ['a', 'b', 'c']) add(id)
  await clock.pass(499)
  expect(asked).toBe(1)
  await clock.pass(1)
  expect(asked).toBe(2)
  await clock.pass(100)
  await finish('a')
  // Nothing ran: b started unasked, c was asked about and admitted.
  expect([started, asked, clock.sleepers]).toEqual([['a', 'b', 'c'], 3, 0])
  add('d')
  await clock.pass(400)
  expect(asked).toBe(4)
})

it('is not asked again by a delay that was cut short, even where the clock does not cut it', async () => {
  let asked = 0
  const delays: PromiseWithResolvers<void>[] = []
  const mayAdmit = (): Admission => {
    asked += 1
    return { retryAfterMs: 500 }
  }
  const sleep = async (): Promise<void> => {
    const delay = Promise.withResolvers<void>()
    delays.push(delay)
    await delay.promise
  }
  const { add, finish } = openStage({ mayAdmit, clock: { now: () => 0, sleep } })
  for (const id of ['a', 'b', 'c']) add(id)
  await finish('a')
  expect([asked, delays.length]).toEqual([2, 2])
  delays[0]?.resolve()
  await nextTurn()
  expect(asked).toBe(2)
  delays[1]?.resolve()
  await nextTurn()
  expect(asked).toBe(3)
})

it('may take its time over one question at a time', async () => {
  const questions: PromiseWithResolvers<Admission>[] = []
  const mayAdmit = async (): Promise<Admission> => {
    questions.push(Promise.withResolvers<Admission>())
    return await (questions.at(-1)?.promise ?? true)
  }
  const { add, finish, schedule, started } = openStage({ mayAdmit })
  for (const id of ['a', 'b', 'c', 'd', 'e']) add(id)
  await nextTurn()
  expect([started, questions.length, schedule.waiting]).toEqual([['a'], 1, 4])
  questions[0]?.resolve(true)
  await nextTurn()
  expect([started, questions.length]).toEqual([['a', 'b'], 2])
  // A "no" from before a job finished is no longer true: it is asked again at once.
  await finish('a')
  expect(questions.length).toBe(2)
  questions[1]?.resolve(false)
  await nextTurn()
  expect([started, questions.length]).toEqual([['a', 'b'], 3])
  // An answer that never comes stops nothing, and one that comes too late starts nothing twice.
  await finish('b')
  expect([started, questions.length]).toEqual([['a', 'b', 'c'], 4])
  questions[2]?.resolve(true)
  await nextTurn()
  expect([started, schedule.waiting]).toEqual([['a', 'b', 'c'], 2])
})

it('may say yes when it no longer fits', async () => {
  const questions: PromiseWithResolvers<Admission>[] = []
  const mayAdmit = async (): Promise<Admission> => {
    const question = Promise.withResolvers<Admission>()
    questions.push(question)
    return await question.promise
  }
  const { add, resize, schedule, started } = openStage({ mayAdmit })
  add('a', { weightMs: 2, memoryMiB: 100 })
  add('b', { memoryMiB: 500 })
  await nextTurn()
  await resize('a', 600)
  questions[0]?.resolve(true)
  await nextTurn()
  expect([started, questions.length, schedule.waiting]).toEqual([['a'], 1, 1])
  await resize('a', 500)
  expect([questions.length, schedule.waiting]).toEqual([2, 1])
  questions[1]?.resolve(true)
  await nextTurn()
  expect([started, schedule.waiting]).toEqual([['a', 'b'], 0])
})

it.each(['throws', 'rejects'])('is not asked again after it %s', async (how) => {
  let asked = 0
  const fail = (): never => {
    asked += 1
    throw new Error('no /proc/pressure')
  }
  const failLater = async (): Promise<Admission> => {
    await nextTurn()
    return fail()
  }
  const { add, started, errors, clock } = openStage({ mayAdmit: how === 'throws' ? fail : failLater })
  for (const id of ['a', 'b', 'c']) add(id)
  await clock.pass(0)
  await clock.pass(0)
  expect([started, asked]).toEqual([['a', 'b', 'c'], 1])
  expect(errors).toEqual(['b: Error: no /proc/pressure'])
})
