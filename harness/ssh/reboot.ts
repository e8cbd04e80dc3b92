// One reboot of a machine, from the command to the first answer of the next boot. Whether a boot is another one is
// judged by the kernel's boot id alone, because a dying system may go on answering for a while.

import { TimeoutError, abortable, sleep, startDeadline } from '../deadline.ts'
import { MachineError, codeOf } from '../errors.ts'
import type { SshConnection } from './connection.ts'
import { exec } from './exec.ts'
import type { CommandOutcome } from './outcome.ts'
import type { WaitForSshOptions } from './wait-ready.ts'

/** `orderly` stops every service; `forced` does not even sync; a function reboots from outside (the reset button). */
export type RebootHow = 'orderly' | 'forced' | (() => Promise<void>)

export interface RebootOptions {
  /** Default `orderly`. */
  readonly how?: RebootHow | undefined
  /** For all of it. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

export interface Rebooted {
  /** The new boot's id. */
  readonly bootId: string
  readonly durationMs: number
}

/** What the session lends to a reboot. */
export interface RebootContext extends RebootOptions {
  readonly signal: AbortSignal
  readonly lastSeen: (() => string | undefined) | undefined
  readonly onCommand: ((outcome: CommandOutcome, startedAtMs: number) => void) | undefined
  readonly readBootId: (connection: SshConnection, timeoutMs: number) => Promise<string>
  readonly connect: (
    wait: Pick<WaitForSshOptions, 'signal' | 'timeoutMs' | 'phase' | 'onFailure'>,
  ) => Promise<SshConnection>
}

/** How often a system that goes down is asked whether it is still there. */
const POLL_MS = 300
/** A question unanswered for so long means that the connection is dead, though nobody said so. */
const SILENCE_MS = 3_000

interface Answered extends Rebooted {
  readonly connection: SshConnection
  /** Ends with what asked for the reboot, which may want the new connection for that. */
  readonly asked: Promise<void>
}

/** Reboots; `before` is given up. Returns the connection to the new boot. */
export async function rebootMachine(
  before: SshConnection,
  oldBootId: string,
  context: RebootContext,
): Promise<Answered> {
  const started = performance.now()
  let stage = 'asking for the reboot'
  using deadline = startDeadline({
    phase: 'the reboot',
    timeoutMs: context.timeoutMs,
    signal: context.signal,
    lastSeen: () => {
      const line = context.lastSeen?.()
      return line === undefined ? stage : `${stage}; last console line: ${line}`
    },
  })
  const { signal } = deadline
  const { asked } = await ask(before, context, signal)
  let old: SshConnection = before
  for (;;) {
    stage = 'the machine still going down'
    await untilDown(old, context, signal)
    stage = 'waiting for SSH'
    const connection = await context.connect({
      signal,
      timeoutMs: Number.POSITIVE_INFINITY,
      phase: 'SSH after the reboot',
      onFailure: (why) => {
        stage = `waiting for SSH (${why})`
      },
    })
    try {
      const bootId = await context.readBootId(connection, 60_000)
      if (bootId !== oldBootId) return { bootId, connection, asked, durationMs: performance.now() - started }
    } catch (error) {
      connection.destroy()
      if (signal.aborted) throw signal.reason
      if (!isGoingDown(error)) throw error
    }
    old = connection
  }
}

async function ask(
  connection: SshConnection,
  context: RebootContext,
  signal: AbortSignal,
): Promise<Pick<Answered, 'asked'>> {
  const { how = 'orderly' } = context
  if (typeof how === 'function') {
    const asked = how().catch((error: unknown) => {
      // Its command may be what the machine goes down by.
      if (codeOf(error) !== 'ssh-connection-lost') throw error
    })
    try {
      await abortable(Promise.race([asked, connection.closed]), signal)
    } finally {
      connection.destroy('the machine is being rebooted')
    }
    return { asked }
  }
  const command = ['systemctl', 'reboot', ...(how === 'forced' ? ['--force', '--force'] : [])]
  try {
    const outcome = await exec(connection, command, {
      sudo: true,
      signal,
      // A forced reboot never answers, and on a user network nobody tells that the connection is dead.
      timeoutMs: how === 'forced' ? SILENCE_MS : 60_000,
      onFinished: context.onCommand,
    })
    if (outcome.exitCode !== null && outcome.exitCode !== 0) throw refused(outcome)
  } catch (error) {
    if (signal.aborted || !isGoingDown(error)) throw error
  }
  if (how === 'forced') connection.destroy('the machine is being rebooted')
  return { asked: Promise.resolve() }
}

async function untilDown(
  connection: SshConnection,
  context: RebootContext,
  signal: AbortSignal,
): Promise<void> {
  while (connection.isOpen) {
    try {
      await context.readBootId(connection, SILENCE_MS)
    } catch {
      connection.destroy('the machine is being rebooted')
    }
    if (signal.aborted) throw signal.reason
    if (connection.isOpen) await Promise.race([connection.closed, sleep(POLL_MS, signal)])
  }
}

/** Errors that a machine gives while it goes down. */
function isGoingDown(error: unknown): boolean {
  const code = codeOf(error)
  return (
    error instanceof TimeoutError ||
    code === 'ssh-connection-lost' ||
    code === 'ssh-session-refused' ||
    code === 'command-failed'
  )
}

function refused(outcome: CommandOutcome): MachineError {
  return new MachineError(
    `the machine refused to reboot: exit status ${outcome.exitCode} from "${outcome.command}": ${outcome.stderr.slice(-500)}`,
    { code: 'reboot-refused' },
  )
}
