// Running other programs: argument arrays only, never a shell string; a failed command is a value. Long-lived
// children are tied to us, so that a SIGKILL of the harness takes them along.

import { readFileSync } from 'node:fs'
import { InfraError } from './errors.ts'

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string | Uint8Array
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number
  /** Whether the kernel kills it when this process dies, however that happens; default: it may end its work. */
  readonly diesWithUs?: boolean
  /** What an abort or the timeout ends it with; default: SIGTERM, and SIGKILL 5 s later. */
  readonly killSignal?: 'SIGKILL'
  /** Called for each line of standard output and standard error as it comes. */
  readonly onLine?: (line: string) => void
}

export interface CommandResult {
  readonly file: string
  readonly args: readonly string[]
  /** `undefined` when a signal ended it or it could not be started. */
  readonly exitCode: number | undefined
  readonly stdout: string
  readonly stderr: string
  /** Why it failed, in words; empty when it succeeded. */
  readonly failure: string
}

/** Runs a program to its end and returns what it said, success or not. Aborts throw the signal's reason. */
export async function execCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  // 150 modules: not for commands that run no program.
  const { execa } = await import('execa')
  const [program, ...words] = options.diesWithUs === true ? dieWithParent(file, args) : [file, ...args]
  const child = execa(program, words, {
    reject: false,
    stdin: options.input === undefined ? 'ignore' : 'pipe',
    all: true,
    maxBuffer: 16 * 1024 * 1024,
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    ...(options.killSignal === undefined ? {} : { killSignal: options.killSignal }),
  })
  if (options.onLine !== undefined) {
    void forEachLine(child.iterable({ from: 'all' }), options.onLine)
  }
  const result = await child
  if (result.isCanceled && options.signal?.aborted === true) throw options.signal.reason
  return {
    file,
    args,
    exitCode: result.exitCode,
    stdout: result.stdout,
    stderr: result.stderr,
    failure: result.failed ? (result.shortMessage ?? 'failed') : '',
  }
}

/** Runs a program and throws an `InfraError` with its last lines when it fails. Returns standard output. */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await execCommand(file, args, options)
  if (result.failure === '') return result.stdout
  const tail = `${result.stderr}\n${result.stdout}`.trim().split('\n').slice(-8).join('\n')
  throw new InfraError(`${result.failure}${tail === '' ? '' : `\n${tail}`}`, {
    code: 'command-failed',
    hint: `run it by hand: ${[file, ...args].join(' ')}`,
  })
}

async function forEachLine(lines: AsyncIterable<unknown>, onLine: (line: string) => void): Promise<void> {
  try {
    for await (const line of lines) onLine(String(line))
  } catch {
    // The result says why; the lines are only for show.
  }
}

/** A process by id and start time (clock ticks since boot, proc(5) field 22): survives reuse of the id. */
export interface ProcessIdentity {
  readonly pid: number
  readonly startTicks: string
  readonly bootId: string
}

/** The identity of a live process, or `undefined` when there is none with that id (or no /proc). */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z') return undefined
    const startTicks = fields[19]
    if (startTicks === undefined) return undefined
    return { pid, startTicks, bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() }
  } catch {
    return undefined
  }
}

/** Whether exactly this process still lives. */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = identifyProcess(identity.pid)
  return now !== undefined && now.startTicks === identity.startTicks && now.bootId === identity.bootId
}

/** Wraps a command so that the kernel signals it when the process that spawned it dies (prctl PR_SET_PDEATHSIG). */
export function dieWithParent(
  file: string,
  args: readonly string[],
  signal: 'KILL' | 'TERM' = 'KILL',
): readonly [string, ...string[]] {
  return ['setpriv', '--pdeathsig', signal, '--', file, ...args]
}
