// Runs the real command line in a child process and reads the events it left.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SignalboxEvent } from '../events.ts'

export interface BenchOptions {
  /** The command has an `--output` folder and writes events there. Default true. */
  readonly writesEvents?: boolean
  /** Called every half second with the id of the running process. */
  readonly watch?: (pid: number) => Promise<void>
  readonly env?: Readonly<Record<string, string>>
}

export interface BenchRun {
  /** From spawning the process to its exit, milliseconds. */
  readonly wallMs: number
  readonly events: readonly SignalboxEvent[]
  readonly stdout: string
}

/** What to add to find the tests of the benchmarks. */
export const benchCorpus: readonly string[] = ['--tests', join(import.meta.dirname, 'corpus')]

const BIN = join(import.meta.dirname, '..', 'cli', 'bin.ts')
const WATCH_MS = 500

/** Runs `signalbox` with its results in a folder that is removed afterwards. Throws when it fails. */
export async function benchSignalbox(args: readonly string[], options: BenchOptions = {}): Promise<BenchRun> {
  const { writesEvents = true, watch, env = {} } = options
  const output = await mkdtemp(join(tmpdir(), 'signalbox-bench-'))
  try {
    const startedAt = performance.now()
    const child = spawn(process.execPath, [BIN, ...args, ...(writesEvents ? ['--output', output] : [])], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    })
    let stdout = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    const { pid } = child
    const watching =
      watch === undefined || pid === undefined ? undefined : watchUntil(once(child, 'exit'), pid, watch)
    const [code] = (await once(child, 'close')) as [number | null]
    const wallMs = performance.now() - startedAt
    await watching
    if (code !== 0)
      throw new Error(`signalbox ${args.join(' ')} exited with ${code}:\n${stdout.slice(-4000)}`)
    return { wallMs, stdout, events: writesEvents ? await readEvents(output) : [] }
  } finally {
    await rm(output, { recursive: true, force: true })
  }
}

/** One look after the other, however long one takes. */
async function watchUntil(
  ended: Promise<unknown>,
  pid: number,
  watch: (pid: number) => Promise<void>,
): Promise<void> {
  const over = new AbortController()
  void ended.then(() => over.abort())
  while (!over.signal.aborted) {
    const pause = new Promise((resolve) => {
      setTimeout(resolve, WATCH_MS)
    })
    await Promise.all([pause, watch(pid)])
  }
}

async function readEvents(output: string): Promise<readonly SignalboxEvent[]> {
  const text = await readFile(join(output, 'latest', 'events.jsonl'), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SignalboxEvent)
}
