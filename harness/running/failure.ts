// From anything thrown to a Failure: what happened, where in the test, and which outcome it means.

import { TimeoutError } from '../deadline.ts'
import { codeOf, InfraError, MachineError, messageOf, UsageError } from '../errors.ts'
import { ExpectError } from '../expect-error.ts'
import { plainText } from '../hostile-text.ts'
import type { Failure, Outcome, Phase, SourceLocation } from '../model.ts'
import { codeFrame, locationOf } from '../source-location.ts'
import { CommandError } from '../ssh/outcome.ts'

/** Describes an error. The text is kept whole but without control characters. */
export function failureFrom(error: unknown, phase: Phase, test?: SourceLocation): Failure {
  const stack = error instanceof Error ? error.stack : undefined
  // An error from elsewhere (a console watcher, a deadline) says nothing about a line; then the test itself is the place.
  const thrownAt = locationOf(stack, test?.file)
  const location = thrownAt ?? test
  const frame = thrownAt === undefined ? undefined : codeFrame(thrownAt)
  const hint =
    error instanceof InfraError || error instanceof MachineError || error instanceof UsageError
      ? error.hint
      : undefined
  const evidence = error instanceof InfraError || error instanceof MachineError ? error.evidence : undefined
  return {
    phase,
    kind: kindOf(error),
    code: codeOf(error) ?? 'error',
    message: plainText(messageOf(error)),
    ...(hint === undefined ? {} : { hint }),
    ...(location === undefined ? {} : { location }),
    ...(frame === undefined ? {} : { frame }),
    ...(stack === undefined ? {} : { stack: plainText(stack) }),
    ...(evidence === undefined ? {} : { evidence: evidence.map((line) => plainText(line)) }),
  }
}

function kindOf(error: unknown): Failure['kind'] {
  if (error instanceof ExpectError) return 'assertion'
  if (error instanceof TimeoutError) return 'timeout'
  if (error instanceof InfraError) return 'infra'
  if (error instanceof MachineError || error instanceof CommandError) return 'machine'
  return 'error'
}

/** What a set of failures makes of the attempt: one infra failure outweighs what it may have caused. */
export function outcomeOf(failures: readonly Failure[]): Outcome {
  if (failures.length === 0) return 'passed'
  if (failures.some((failure) => failure.kind === 'infra')) return 'infra'
  // Outside the body nothing but our own code can throw a plain error.
  if (failures.every((failure) => failure.kind === 'error' && failure.phase !== 'body')) return 'harness'
  return 'failed'
}
