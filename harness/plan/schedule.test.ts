import { AsyncLocalStorage } from 'node:async_hooks'
import { getEventListeners } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Admission } from './admission.ts'
import type { Lease } from './schedule.ts'
import { openStage, type Wanted } from './schedule.test.stage.ts'

/** Jobs as `id:weight:memory:cpus`. */
const wantedOf = (text: string): readonly (readonly [string, Wanted])[] =>
  text.split(' ').map((job) => {
    const [id = '', weightMs, memoryMiB, cpus] = job.split(':')
    return [id, { weightMs: Number(weightMs), memoryMiB: Number(memoryMiB), cpus: Number(cpus) }]
  })

describe('what starts', () => {
  it.each([
    ['all that fits', 10, 'a:1:1:1 b:1:1:1', 'a b'],
    ['the longest first', 2, 'a:1:1:1 b:3:1:1 c:2:1:1', 'b c'],
    ['equals as they were added', 2, 'a:1:1:1 b:1:1:1 c:1:1:1', 'a b'],
    ['no more than there are slots', 3, 'a:4:1:1 b:3:1:1 c:2:1:1 d:1:1:1', 'a b c'],
    ['exactly the memory there is', 10, 'a:4:500:1 b:3:500:1 c:2:1:1', 'a b'],
    ['no more CPUs than there are', 10, 'a:4:1:6 b:3:1:5 c:2:1:4', 'a c'],
    ['into the holes, past several that are too big', 10, 'a:9:600:1 b:8:600:1 c:7:500:1 d:1:400:1', 'a d'],
    ['the longest that fits a hole', 10, 'a:9:600:1 b:8:600:1 c:1:300:1 d:2:300:1', 'a d'],
    ['what is larger than everything, alone', 10, 'a:9:5000:1 b:8:1:1', 'a'],
    ['what asks for more CPUs than there are, alone', 10, 'a:9:1:64 b:8:1:1', 'a'],
    ['what is larger than everything not beside others', 10, 'a:9:1:1 b:8:5000:1', 'a'],
  ])('%s', async (_, slots, jobs, expected) => {
    const { add, started } = openStage({ slots })
    for (const [id, wanted] of wantedOf(jobs)) add(id, wanted)
    await nextTurn()
    expect(started.join(' ')).toBe(expected)
  })

  it('is the longest of those that wait then, added early or late', async () => {
    const { add, finish, started } = openStage({ slots: 1 })
    add('a', { weightMs: 5 })
    add('b', { weightMs: 3 })
    await nextTurn()
    add('c', { weightMs: 4 })
    for (const id of ['a', 'c', 'b']) await finish(id)
    expect(started).toEqual(['a', 'c', 'b'])
  })

  it('takes its cost and gives it back', async () => {
    const { add, finish, schedule } = openStage()
    add('a', { memoryMiB: 5000, cpus: 3 })
    await nextTurn()
    expect([schedule.free, schedule.running]).toEqual([{ memoryMiB: 0, cpus: 7 }, 1])
    await finish('a')
    expect([schedule.free, schedule.running]).toEqual([{ memoryMiB: 1000, cpus: 10 }, 0])
  })

  it('loses no room to fractions', async () => {
    const { add, finish, schedule } = openStage({ capacity: { memoryMiB: 1000, cpus: 1 } })
    // 1 - 0.3 - 0.1 + 0.3 + 0.1 is a little less than 1.
    add('a', { cpus: 0.3 })
    add('b', { cpus: 0.1 })
    await finish('a', 'b')
    expect(schedule.free.cpus).toBe(1)
  })

  it('runs outside the async context of the job that made room for it', async () => {
    const context = new AsyncLocalStorage<string>()
    const { schedule } = openStage({ capacity: { memoryMiB: 10, cpus: 10 } })
    const seen: (string | undefined)[] = []
    const cost = { memoryMiB: 10, cpus: 1 }
    const first = async (lease: Lease): Promise<void> =>
      await context.run('first', async () => {
        await nextTurn()
        lease.resize({ memoryMiB: 0, cpus: 1 })
        await nextTurn()
      })
    schedule.add({ id: 'a', weightMs: 2, cost, run: first })
    schedule.add({
      id: 'b',
      weightMs: 1,
      cost,
      run: async () => await Promise.resolve(void seen.push(context.getStore())),
    })
    await schedule.onIdle()
    expect(seen).toEqual([undefined])
  })
})

describe('a job too big for what is free', () => {
  it.each([
    ['a quarter of its own length', 20_000, 5000],
    ['a second at least', 10, 1000],
    ['a minute at most', 1e9, 60_000],
  ])('lets smaller ones past for %s', async (_, weightMs, patienceMs) => {
    const { add, finish, started, clock } = openStage()
    add('held', { weightMs: 2e9, memoryMiB: 500 })
    add('big', { weightMs, memoryMiB: 1000 })
    await clock.pass(patienceMs - 1)
    add('early')
    await clock.pass(1)
    add('late')
    add('late and longer', { weightMs: 3e9 })
    await finish('early')
    expect(started).toEqual(['held', 'early'])
    await finish('held')
    expect(started).toEqual(['held', 'early', 'big'])
    await finish('big')
    expect(started.slice(3)).toEqual(['late and longer', 'late'])
  })

  it('starts although smaller ones keep coming', async () => {
    const { add, finish, started, clock } = openStage({ slots: 2 })
    add('0', { weightMs: 20, memoryMiB: 600 })
    add('big', { weightMs: 10, memoryMiB: 1000 })
    for (let n = 0; !started.includes('big') && n < 50; n += 1) {
      add(`${n + 1}`, { memoryMiB: 300 })
      await clock.pass(100)
      await finish(`${n}`)
    }
    expect(started.length).toBeGreaterThan(5)
    expect(started.at(-1)).toBe('big')
  })

  it('keeps its place when the host refuses it and a longer one comes', async () => {
    let answer: Admission = true
    const { add, finish, schedule, started } = openStage({ mayAdmit: () => answer })
    for (const id of ['a', 'b', 'c']) add(id, { weightMs: 9, memoryMiB: 300 })
    add('big', { weightMs: 8, memoryMiB: 700 })
    await nextTurn()
    answer = false
    await finish('a', 'b')
    add('longer', { weightMs: 99, memoryMiB: 700 })
    answer = true
    await finish('c')
    expect(started).toEqual(['a', 'b', 'c', 'big'])
    await finish('big')
    expect([started.slice(4), schedule.waiting]).toEqual([['longer'], 0])
  })
})

describe('a gate', () => {
  it.each([
    ['opens', (gate: PromiseWithResolvers<void>) => gate.resolve()],
    ['fails', (gate: PromiseWithResolvers<void>) => gate.reject(new Error('no template'))],
  ])('keeps a job from taking anything until it %s', async (_, settle) => {
    const gate = Promise.withResolvers<void>()
    const { add, finish, schedule, started, isIdle } = openStage({ slots: 1 })
    add('gated', { weightMs: 9, memoryMiB: 1000, gate: gate.promise })
    add('a', { memoryMiB: 1000 })
    const idle = isIdle()
    await finish('a')
    expect([started, schedule.free.memoryMiB, schedule.waiting]).toEqual([['a'], 1000, 1])
    expect([await idle, await isIdle()]).toEqual([false, false])
    settle(gate)
    await nextTurn()
    expect([started, schedule.waiting]).toEqual([['a', 'gated'], 0])
  })
})

describe('a lease', () => {
  it('that shrinks admits others; one that grows holds them back', async () => {
    const { add, resize, schedule, started } = openStage()
    add('a', { weightMs: 3, memoryMiB: 900 })
    add('b', { weightMs: 2, memoryMiB: 400 })
    add('c', { weightMs: 1, memoryMiB: 400 })
    await nextTurn()
    expect(started).toEqual(['a'])
    await resize('a', 500)
    expect([started, schedule.free.memoryMiB]).toEqual([['a', 'b'], 100])
    await resize('b', 700)
    expect(schedule.free.memoryMiB).toBe(-200)
    await resize('a', 100)
    expect(started).toEqual(['a', 'b'])
    await resize('b', 500)
    expect([started, schedule.free.memoryMiB]).toEqual([['a', 'b', 'c'], 0])
  })

  it('is nothing once the job has finished, and never more than there is', async () => {
    const { add, finish, resize, schedule } = openStage()
    add('a', { weightMs: 2, memoryMiB: 300 })
    add('b', { memoryMiB: 100 })
    await nextTurn()
    await resize('b', 5000)
    expect(schedule.free.memoryMiB).toBe(-300)
    await finish('a')
    await resize('a', 200)
    expect(schedule.free.memoryMiB).toBe(0)
  })
})

describe('the end', () => {
  it.each(['abort', 'stop'])(
    'after %s nothing starts, and it is idle when what runs has finished',
    async (how) => {
      const controller = new AbortController()
      const { add, finish, schedule, started, isIdle } = openStage({
        signal: controller.signal,
      })
      const gate = Promise.withResolvers<void>()
      add('a', { weightMs: 9, memoryMiB: 600 })
      add('too big', { weightMs: 8, memoryMiB: 600 })
      add('also too big', { memoryMiB: 600 })
      add('gated', { gate: gate.promise })
      await nextTurn()
      if (how === 'abort') controller.abort()
      else schedule.stop()
      add('added later')
      gate.resolve()
      expect([schedule.running, schedule.waiting, await isIdle()]).toEqual([1, 0, false])
      await finish('a')
      expect([started, await isIdle()]).toEqual([['a'], true])
    },
  )

  it('comes at once when all that is left waits for a gate', async () => {
    const { add, schedule, isIdle } = openStage()
    add('gated', { gate: Promise.withResolvers<never>().promise })
    const idle = isIdle()
    schedule.stop()
    expect([await idle, schedule.waiting]).toEqual([true, 0])
  })

  it.each([
    ['yes', async (question: Promise<void>): Promise<Admission> => await question.then(() => true)],
    ['not now', (): Admission => ({ retryAfterMs: 1000 })],
  ])('comes before what the host said %s to', async (_, answer) => {
    const question = Promise.withResolvers<void>()
    const { add, finish, schedule, started, clock } = openStage({ mayAdmit: () => answer(question.promise) })
    add('a')
    add('asked')
    await nextTurn()
    schedule.stop()
    question.resolve()
    await nextTurn()
    expect([started, schedule.waiting, clock.sleepers]).toEqual([['a'], 0, 0])
    await finish('a')
    await schedule.onIdle()
  })

  it('is there from the beginning when the signal was aborted before', async () => {
    const { add, started, isIdle } = openStage({ signal: AbortSignal.abort() })
    add('a')
    expect([await isIdle(), started]).toEqual([true, []])
  })

  it('is there again when the signal is aborted between two jobs', async () => {
    const controller = new AbortController()
    const { add, finish, started } = openStage({ signal: controller.signal })
    add('a')
    await finish('a')
    controller.abort()
    add('b', { gate: Promise.reject(new Error('no template')) })
    add('c')
    await nextTurn()
    expect(started).toEqual(['a'])
  })

  it('comes when what running jobs added has finished too', async () => {
    const { schedule, isIdle } = openStage()
    const ran: string[] = []
    const cost = { memoryMiB: 1, cpus: 1 }
    const retry = async (): Promise<void> => await Promise.resolve(void ran.push('again'))
    const run = async (): Promise<void> => {
      ran.push('first')
      await Promise.resolve()
      schedule.add({ id: 'again', cost, weightMs: 1, run: retry })
    }
    expect(await isIdle()).toBe(true)
    schedule.add({ id: 'first', cost, weightMs: 1, run })
    await schedule.onIdle()
    expect(ran).toEqual(['first', 'again'])
  })

  it('leaves no listener on the signal', async () => {
    const { signal } = new AbortController()
    const { add, finish } = openStage({ signal })
    add('a')
    add('b')
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    await finish('a', 'b')
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it.each([
    ['reported', undefined],
    ['reported to a listener that fails itself', () => expect.fail('listener')],
  ])('of a job by an error is %s and stops no other', async (_, onError) => {
    const { add, fail, finish, started, errors, isIdle } = openStage({
      slots: 1,
      ...(onError === undefined ? {} : { onError }),
    })
    add('a')
    add('b')
    await fail('a', new Error('broken'))
    await finish('b')
    expect([started, await isIdle()]).toEqual([['a', 'b'], true])
    expect(errors).toEqual(onError === undefined ? ['a: Error: broken'] : [])
  })
})
