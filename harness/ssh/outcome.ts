// What a command on a machine came to, and the error for one that was not allowed to fail.

import { formatSeconds } from '../deadline.ts'
import { oneLine, plainText } from '../hostile-text.ts'

/** A finished command. Texts come from a guest: hostile. */
export interface CommandOutcome {
  /** As it was asked for, without the harness's own wrapping. */
  readonly command: string
  /** `null` when a signal ended it, or sshd did not tell. */
  readonly exitCode: number | null
  /** Name of the signal that ended it, without `SIG`. */
  readonly signal?: string
  /** UTF-8, without the one final newline; the last part when `truncated`. */
  readonly stdout: string
  readonly stderr: string
  /** Bytes that came, kept or not. */
  readonly stdoutBytes: number
  readonly stderrBytes: number
  /** Whether the start of either stream was dropped. */
  readonly truncated: boolean
  readonly durationMs: number
}

/** A command failed that had to succeed. `outcome` holds everything that is known. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly code = 'command-failed'
  readonly outcome: CommandOutcome
  constructor(outcome: CommandOutcome) {
    super(describeFailure(outcome))
    this.outcome = outcome
  }
}

/** Returns an outcome of exit status 0, throws CommandError for any other. */
export function orThrow<Outcome extends CommandOutcome>(outcome: Outcome): Outcome {
  if (outcome.exitCode !== 0) throw new CommandError(outcome)
  return outcome
}

/** `exit status 3 from "systemctl start x" after 0.4 s`, then the last lines of what it said. */
function describeFailure(outcome: CommandOutcome): string {
  const how =
    outcome.exitCode !== null
      ? `exit status ${outcome.exitCode}`
      : `ended by ${outcome.signal === undefined ? 'an unknown cause' : `signal ${outcome.signal}`}`
  const head = `${how} from "${oneLine(outcome.command, 200)}" after ${formatSeconds(outcome.durationMs)}`
  const said = lastLines(outcome.stderr) || lastLines(outcome.stdout)
  return said === '' ? `${head}; it said nothing` : `${head}\n${said}`
}

function lastLines(text: string): string {
  return plainText(text.slice(-4096))
    .trimEnd()
    .split('\n')
    .slice(-10)
    .map((line) => `  ${oneLine(line)}`)
    .join('\n')
    .trimEnd()
}
