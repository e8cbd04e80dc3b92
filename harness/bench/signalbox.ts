// Runs the real command line in a child process and reads the events it left.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SignalboxEvent } from '../events.ts'

export interface BenchRun {
  /** From spawning the process to its exit, milliseconds. */
  readonly wallMs: number
  readonly events: readonly SignalboxEvent[]
  /** Largest resident memory of the harness process itself, MiB. */
  readonly peakMiB: number
}

const BIN = join(import.meta.dirname, '..', 'cli', 'bin.ts')

/** Runs `signalbox` with its results in a folder that is removed afterwards. Throws when it fails. */
export async function benchSignalbox(args: readonly string[], writesEvents = true): Promise<BenchRun> {
  const output = await mkdtemp(join(tmpdir(), 'signalbox-bench-'))
  try {
    const startedAt = performance.now()
    const child = spawn(process.execPath, [BIN, ...args, ...(writesEvents ? ['--output', output] : [])], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    let peakMiB = 0
    const watch = setInterval(
      () => void peakOf(child.pid ?? 0).then((peak) => (peakMiB = Math.max(peakMiB, peak))),
      500,
    )
    const [code] = (await once(child, 'close')) as [number | null]
    clearInterval(watch)
    const wallMs = performance.now() - startedAt
    if (code !== 0) throw new Error(`signalbox ${args.join(' ')} exited with ${code}:\n${said.slice(-4000)}`)
    return { wallMs, peakMiB, events: writesEvents ? await readEvents(output) : [] }
  } finally {
    await rm(output, { recursive: true, force: true })
  }
}

async function readEvents(output: string): Promise<readonly SignalboxEvent[]> {
  const text = await readFile(join(output, 'latest', 'events.jsonl'), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SignalboxEvent)
}

// VmHWM: the high-water mark of resident memory (proc(5)).
async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024
}
