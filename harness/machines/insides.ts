// What parts of the harness may do with a machine that tests may not: commands that outlive an attempt, reboots that the
// guest itself begins. Kept beside the machine, since a body is handed the machine alone.

import { sleep, startDeadline } from '../deadline.ts'
import { MachineError } from '../errors.ts'
import type { Machine } from '../fixtures/fixtures.ts'
import type { Command, CommandOutcome, ExecOptions, RebootHow, SshSession } from '../ssh/index.ts'

export interface MachineInsides {
  /** As `machine.exec`, but it ends with the machine, not with the attempt that started it. */
  follow(command: Command, options: ExecOptions): Promise<CommandOutcome>
  /** Waits for the next boot of the machine, begun as `how` says, and until it is ready. */
  rebootBy(how: RebootHow): Promise<void>
  /** Waits until `begin` has made the machine's user space start anew under the same kernel, and it is ready. */
  softRebootBy(begin: () => Promise<void>): Promise<void>
}

const known = new WeakMap<Machine, MachineInsides>()

function keepInsides(machine: Machine, insides: MachineInsides): void {
  known.set(machine, insides)
}

/** What belongs to a machine of this harness. */
export function insidesOf(machine: Machine): MachineInsides {
  const insides = known.get(machine)
  if (insides === undefined) throw new Error(`${machine.name} is no machine of this harness`)
  return insides
}

export interface InsidesOptions {
  readonly machine: Machine
  readonly session: SshSession
  /** Aborts when the machine is gone. */
  readonly gone: AbortSignal
  /** The signals that end a wait of the running attempt. */
  readonly signals: () => AbortSignal
  readonly readyTimeoutMs: number
  readonly lastSeen: () => string | undefined
  readonly becomeReady: (signal: AbortSignal) => Promise<void>
}

const COUNT = 'systemctl show --property=SoftRebootsCount --value'
const POLL_MS = 500
const QUESTION_MS = 5_000

/** Makes and remembers the insides of a machine. */
export function openInsides(options: InsidesOptions): void {
  const { machine, session, gone, signals, readyTimeoutMs, lastSeen, becomeReady } = options
  const softReboots = async (signal: AbortSignal): Promise<number | undefined> => {
    const { stdout } = await session.exec(COUNT, { signal, timeoutMs: QUESTION_MS * machine.slowness })
    return /^\d+$/.test(stdout.trim()) ? Number(stdout) : undefined
  }
  const softRebootBy = async (begin: () => Promise<void>): Promise<void> => {
    using deadline = startDeadline({
      phase: `the soft-reboot of ${machine.name}`,
      timeoutMs: readyTimeoutMs,
      signal: signals(),
      lastSeen,
    })
    const { signal } = deadline
    const before = await softReboots(signal)
    if (before === undefined) {
      throw new MachineError(`${machine.name} knows no soft-reboot: its systemd is older than 254`, {
        code: 'no-soft-reboot',
      })
    }
    await begin()
    for (;;) {
      signal.throwIfAborted()
      // While its services stop and start, the machine may refuse anything.
      const now = await softReboots(signal).catch(() => undefined)
      if (now !== undefined && now > before) break
      await sleep(POLL_MS, signal)
    }
    await becomeReady(signal)
  }
  keepInsides(machine, {
    follow: async (command, execOptions) =>
      await session.exec(command, {
        ...execOptions,
        signal: execOptions.signal === undefined ? gone : AbortSignal.any([gone, execOptions.signal]),
      }),
    rebootBy: async (how) => {
      await session.reboot({ how, signal: signals(), timeoutMs: readyTimeoutMs })
      await becomeReady(signals())
    },
    softRebootBy,
  })
}
