import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
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

test('the lock of a dead process, and a torn one, are taken over', async () => {
  await using stack = new AsyncDisposableStack()
  const path = await makePath(stack)
  for (const left of [JSON.stringify({ pid: 1, startTicks: '-1', bootId: 'another' }), '{"pid":']) {
    await writeFile(path, left)
    const lock = await acquireLock(path)
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid })
    await lock[Symbol.asyncDispose]()
  }
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
