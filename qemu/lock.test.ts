import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { sleep } from '../harness/deadline.ts'
import { acquireLock } from './lock.ts'

async function makePath(stack: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-lock-'))
  stack.defer(async () => await rm(folder, { recursive: true }))
  return join(folder, 'lock')
}

test('a second owner waits until the first lets go', async () => {
  await using stack = new AsyncDisposableStack()
  const path = await makePath(stack)
  const first = await acquireLock(path)
  const { promise: waiting, resolve } = Promise.withResolvers<number>()
  const second = acquireLock(path, { onWait: ({ pid }) => resolve(pid) })
  expect(await waiting).toBe(process.pid)
  await first[Symbol.asyncDispose]()
  await (await second)[Symbol.asyncDispose]()
  await expect(readFile(path)).rejects.toThrow(/ENOENT/)
})

const DEAD = JSON.stringify({ pid: 1, startTicks: '-1', bootId: 'another' })

async function leaveLock(path: string, content: string): Promise<void> {
  await mkdir(path)
  await writeFile(join(path, 'left'), content)
}

test.each([
  ['of a dead process', async (path: string) => await leaveLock(path, DEAD)],
  ['that is torn', async (path: string) => await leaveLock(path, '{"pid":')],
  ['without an owner', async (path: string) => await mkdir(path)],
  ['of an older version', async (path: string) => await writeFile(path, '{"pid":1}')],
])('a lock %s is taken over', async (_, leave) => {
  await using stack = new AsyncDisposableStack()
  const path = await makePath(stack)
  await leave(path)
  const lock = await acquireLock(path, { onWait: () => expect.unreachable() })
  const [name = '', ...others] = await readdir(path)
  expect(others).toEqual([])
  expect(JSON.parse(await readFile(join(path, name), 'utf8'))).toMatchObject({ pid: process.pid })
  await lock[Symbol.asyncDispose]()
  expect(await readdir(dirname(path))).toEqual([])
})

test('an abort ends the wait', async () => {
  await using stack = new AsyncDisposableStack()
  const path = await makePath(stack)
  stack.use(await acquireLock(path))
  const controller = new AbortController()
  const waiting = acquireLock(path, {
    signal: controller.signal,
    onWait: () => controller.abort(new Error('enough')),
  })
  await expect(waiting).rejects.toThrow('enough')
})

test('of many that find the lock of a dead process, one has it at a time', async () => {
  await using stack = new AsyncDisposableStack()
  const path = await makePath(stack)
  let most = 0
  let holders = 0
  const tryIt = async (): Promise<void> => {
    const signal = AbortSignal.timeout(100)
    try {
      await using lock = await acquireLock(path, { signal })
      void lock
      most = Math.max(most, (holders += 1))
      await sleep(10)
      holders -= 1
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
  for (let round = 0; round < 10; round++) {
    await leaveLock(path, DEAD)
    await Promise.all(Array.from({ length: 4 }, tryIt))
    expect(await readdir(dirname(path))).toEqual([])
  }
  expect(most).toBe(1)
})
