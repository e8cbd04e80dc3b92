// The user's programs: provision, deprovision, console, power, health. They are started without a shell, told everything by their
// environment (kola's names: USERDATA, IPADDR), and what they print is hostile text in which no secret of ours is shown.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { execa } from 'execa'
import { sleep } from '../../harness/deadline.ts'
import { InfraError } from '../../harness/errors.ts'
import { oneLine, plainText } from '../../harness/hostile-text.ts'
import { dieWithParent } from '../../harness/process.ts'
import type { ConsoleFeed } from '../../qemu/index.ts'
import type { ExternalConfig, HostAddress, Program } from './settings.ts'

/** What a program is told. */
export interface ProgramContext {
  /** The machine's id, the same for all its programs. */
  readonly machine: string
  readonly run: string
  readonly address: HostAddress | undefined
  readonly userData?: string | undefined
  readonly action?: 'cut' | 'on' | 'reset'
}

/**
 * The most that one variable of the environment holds on Linux, its name included (MAX_ARG_STRLEN, 128 KiB): what is bigger cannot
 * be handed to a program this way.
 */
export const USER_DATA_LIMIT = 128 * 1024 - 'USERDATA='.length - 1

/** Runs one to its end. Throws InfraError `<what>-failed` with what it said last. Returns its standard output. */
export async function runProgram(
  what: 'provision' | 'deprovision' | 'power' | 'health',
  program: Program,
  context: ProgramContext,
  { commandTimeoutMs, secrets }: Pick<ExternalConfig, 'commandTimeoutMs' | 'secrets'>,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted()
  const [file, ...args] = program
  // A group of its own, so that what a program has started ends with it when it is aborted, before anything is given back.
  const child = execa(file, args, {
    env: environmentOf(context),
    reject: false,
    stdin: 'ignore',
    detached: true,
    maxBuffer: 1024 * 1024,
  })
  let isLate = false
  const stop = (): void => killGroup(child.pid)
  const timer = setTimeout(() => {
    isLate = true
    stop()
  }, commandTimeoutMs)
  signal.addEventListener('abort', stop, { once: true })
  const result = await child
  clearTimeout(timer)
  signal.removeEventListener('abort', stop)
  if (signal.aborted || isLate) await untilGroupIsGone(child.pid)
  signal.throwIfAborted()
  if (!result.failed) return result.stdout
  const why =
    isLate || result.exitCode === undefined
      ? `did not end by itself (${commandTimeoutMs / 1000} s are allowed)`
      : `exit status ${result.exitCode}`
  const said = withoutSecrets(`${result.stdout}\n${result.stderr}`, [...secrets, context.userData ?? ''])
  throw new InfraError(`the program for ${what} of ${context.machine} failed: ${oneLine(file)}: ${why}`, {
    code: `${what}-failed`,
    hint: `it is the setting "${what}" of the platform external`,
    evidence: plainText(said)
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-12),
  })
}

function killGroup(leader: number | undefined): void {
  if (leader === undefined) return
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // All of it ended by itself in between.
  }
}

async function untilGroupIsGone(leader: number | undefined): Promise<void> {
  if (leader === undefined) return
  for (let waitedMs = 0; waitedMs < 5000; waitedMs += 10) {
    try {
      process.kill(-leader, 0)
    } catch {
      return
    }
    await sleep(10)
  }
}

/** Starts the console's program; what it prints is the machine's console until `end`. */
export function startConsole(
  program: Program,
  context: ProgramContext,
  console: ConsoleFeed,
): AsyncDisposable {
  const [file, ...args] = dieWithParent(program[0], program.slice(1))
  const child: ChildProcess = spawn(file, args, {
    env: { ...process.env, ...environmentOf(context) },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const ended = once(child, 'close').catch(() => undefined)
  child.on('error', () => undefined)
  child.stdin?.on('error', () => undefined)
  if (child.stdout !== null && child.stdin !== null)
    void console.attach(Duplex.from({ readable: child.stdout, writable: child.stdin }))
  return {
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** The text without any of these; short ones would blank out everything. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= 4)
    .reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
}

function environmentOf({
  machine,
  run,
  address,
  userData,
  action,
}: ProgramContext): Readonly<Record<string, string>> {
  return {
    MACHINE: machine,
    RUN: run,
    ...(address === undefined ? {} : { IPADDR: address.host, PORT: String(address.port) }),
    ...(userData === undefined ? {} : { USERDATA: userData }),
    ...(action === undefined ? {} : { ACTION: action }),
  }
}
