// Several targets on one host, with jobs that end when the test says so.

import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Lane } from './plan/lane.ts'
import { openSharedRun, type Share } from './shared-run.ts'

const session = { budget: { memoryMiB: 4000, cpus: 8 } }
const fail = (error: unknown): never => {
  throw error
}

/** Adds a job that notes when it starts and runs until it is ended. */
function openStage() {
  const running: string[] = []
  const ends = new Map<string, () => void>()
  return {
    running,
    add(lane: Lane, id: string, memoryMiB = 100): void {
      const { promise, resolve } = Promise.withResolvers<void>()
      ends.set(id, resolve)
      lane.add({
        id,
        cost: { memoryMiB, cpus: 1 },
        weightMs: 1,
        async run() {
          running.push(id)
          await promise
          running.splice(running.indexOf(id), 1)
        },
      })
    },
    async end(id: string): Promise<void> {
      ends.get(id)?.()
      await turn()
    },
  }
}

function open(mosts: readonly number[], maxFailures?: number) {
  const shared = openSharedRun({ maxFailures, signal: new AbortController().signal })
  const shares = mosts.map((most) => shared.join({ platform: 'fake', session, most }))
  return shares.map((share): readonly [Share, Lane] => [share, share.openLane(fail)])
}

it('fills the host with the jobs of all targets, and no more of one than it says', async () => {
  const [[, one] = fail(1), [, four] = fail(2)] = open([1, 4])
  const stage = openStage()
  for (const id of ['a1', 'a2']) stage.add(one, id)
  for (const id of ['b1', 'b2', 'b3', 'b4']) stage.add(four, id)
  await turn()
  expect(stage.running).toEqual(['a1', 'b1', 'b2', 'b3'])
  await stage.end('b1')
  expect(stage.running).toEqual(['a1', 'b2', 'b3', 'b4'])
  await stage.end('a1')
  expect(stage.running).toEqual(['b2', 'b3', 'b4', 'a2'])
})

it('has one budget of memory', async () => {
  const [[, a] = fail(1), [, b] = fail(2)] = open([4, 4])
  const stage = openStage()
  stage.add(a, 'big', 3000)
  stage.add(b, 'other', 3000)
  await turn()
  expect(stage.running).toEqual(['big'])
  await stage.end('big')
  expect(stage.running).toEqual(['other'])
})

it('knows when the jobs of one target are done', async () => {
  const [[, a] = fail(1), [, b] = fail(2)] = open([1, 4])
  const stage = openStage()
  for (const id of ['a1', 'a2']) stage.add(a, id)
  stage.add(b, 'b')
  let done = false
  void a.onIdle().then(() => (done = true))
  await stage.end('a1')
  expect(done).toBe(false)
  await stage.end('a2')
  await turn()
  expect(done).toBe(true)
  expect(stage.running).toEqual(['b'])
})

it('stops all targets after enough failures', async () => {
  const [[first, a] = fail(1), [second, b] = fail(2)] = open([1, 1], 2)
  const stage = openStage()
  stage.add(a, 'a')
  stage.add(b, 'b')
  stage.add(b, 'b2')
  await turn()
  first.failures.note()
  expect(second.failures.isEnough).toBe(false)
  second.failures.note()
  expect(first.failures.isEnough).toBe(true)
  await stage.end('a')
  await Promise.all([a.onIdle(), b.onIdle()])
  expect(stage.running).toEqual([])
})

it('keeps isolated attempts until every target has come so far, and runs one at a time', async () => {
  const [[first] = fail(1), [second] = fail(2), [third] = fail(3)] = open([1, 1, 1])
  const said: string[] = []
  const held = Promise.withResolvers<void>()
  const one = first.whenAlone(async () => {
    said.push('first')
    await held.promise
  })
  const two = second.whenAlone(async () => void said.push('second'))
  await turn()
  expect(said).toEqual([])
  third[Symbol.dispose]()
  await turn()
  expect(said).toEqual(['first'])
  held.resolve()
  await Promise.all([one, two])
  expect(said).toEqual(['first', 'second'])
})
