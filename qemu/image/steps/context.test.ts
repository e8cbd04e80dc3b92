// What is left of a program of an image build that did not come to its end: nothing.

import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { programsWith } from '../processes.test.fixture.ts'
import { runEnclosed } from './context.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'enclosed-'))
})
afterAll(async () => await rm(folder, { recursive: true }))

/** Mounts, starts something that ignores what it is asked, and waits for it: mmdebstrap in small. */
const script = (mark: string): readonly string[] => [
  '-c',
  'mount -t tmpfs "$0" "$0"; sh -c "trap : TERM INT; while :; do sleep 1000000; done" "$1" & echo up; wait',
  folder,
  mark,
]

const mountsHere = async (): Promise<boolean> =>
  (await readFile('/proc/self/mountinfo', 'utf8')).includes(folder)

// Namespaces and mounts need root, as the build does.
const isRoot = process.getuid?.() === 0

test.runIf(isRoot)('an abort ends all that was started, and its mounts were never the host’s', async () => {
  const mark = `aborted-${process.pid}`
  const abort = new AbortController()
  const up = Promise.withResolvers<void>()
  const run = runEnclosed({ signal: abort.signal, onLine: () => up.resolve() }, 'sh', script(mark))
  run.catch(up.reject)
  await up.promise
  expect(await programsWith(mark)).toContain('sh')
  expect(await mountsHere()).toBe(false)
  abort.abort(new Error('enough'))
  await expect(run).rejects.toThrow('enough')
  await expect.poll(async () => await programsWith(mark), { timeout: 30_000 }).toEqual([])
})

test.runIf(isRoot)('a harness that is killed takes all of it along', async () => {
  const mark = `killed-${process.pid}`
  const build = `
    import { runEnclosed } from ${JSON.stringify(import.meta.resolve('./context.ts'))}
    await runEnclosed({ signal: undefined, onLine: (line) => console.log(line) }, 'sh', ${JSON.stringify(script(mark))})`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', build], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said = await new Promise<string>((resolve) => {
    child.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString()))
    child.once('close', () => resolve('nothing'))
  })
  expect(said).toBe('up\n')
  expect(await programsWith(mark)).toContain('sh')
  child.kill('SIGKILL')
  await expect.poll(async () => await programsWith(mark), { timeout: 30_000 }).toEqual([])
  expect(await mountsHere()).toBe(false)
})
