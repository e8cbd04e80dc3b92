// The words for what goes wrong with a machine, and the event of a command.

import { currentAttempt } from '../running/context.ts'
import { InfraError, MachineError, UsageError } from '../errors.ts'
import type { EventBody } from '../events.ts'
import { tailText } from '../hostile-text.ts'
import type { MachineExit } from '../machine.ts'
import type { CommandOutcome } from '../ssh/index.ts'
import type { LogBuffer } from './machine-log.ts'

const TAIL_BYTES = 2048

/** The event of a finished command; it belongs to the attempt that runs here, if one does. */
export function commandEvent(machine: string, outcome: CommandOutcome, over?: 'control'): EventBody {
  const attempt = currentAttempt()?.ref
  return {
    type: 'command.finished',
    ...(attempt === undefined ? {} : { attempt }),
    machine,
    command: tailText(outcome.command, TAIL_BYTES),
    ...(over === undefined ? {} : { over }),
    exitCode: outcome.exitCode,
    ...(outcome.signal === undefined ? {} : { signal: outcome.signal }),
    durationMs: outcome.durationMs,
    stdoutBytes: outcome.stdoutBytes,
    stderrBytes: outcome.stderrBytes,
    stdoutTail: tailText(outcome.stdout, TAIL_BYTES),
    stderrTail: tailText(outcome.stderr, TAIL_BYTES),
  }
}

/** Why a machine that nobody stopped is gone. */
export function exitError(name: string, exit: MachineExit, console: LogBuffer): InfraError | MachineError {
  // A panic says its trace last, and what led to it before.
  const evidence = console.tail(100)
  switch (exit.blame) {
    case 'platform':
      return new InfraError(`${name} was lost: ${exit.reason}`, { code: 'machine-lost', evidence })
    case 'image':
      return new MachineError(`${name} stopped by itself: ${exit.reason}`, {
        code: 'machine-stopped',
        evidence,
      })
    default:
      return exit.blame satisfies never
  }
}

/** Units that failed, with their status and journal. */
export function failedUnitsError(
  name: string,
  units: readonly string[],
  evidence: readonly string[],
): MachineError {
  return new MachineError(`${name}: failed units: ${units.join(', ')}`, {
    code: 'failed-units',
    evidence,
    hint: 'a test that provokes this says leaveOutChecks: ["failed-units"]',
  })
}

/** A platform without checkpoints. */
export function noCheckpoints(machine: string): UsageError {
  return new UsageError(`no checkpoint can be taken of ${machine}: its platform has none`, {
    code: 'no-checkpoint',
  })
}

/** A platform whose machines end with the run. */
export function noKeep(machine: string): UsageError {
  return new UsageError(`${machine} cannot be kept: its platform keeps no machines`, { code: 'no-keep' })
}
