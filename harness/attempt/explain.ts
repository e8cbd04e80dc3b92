// Failures that a machine's silence explains better than the wait that ended: what its agent can tell comes first.

import type { Diagnosis } from '../control/diagnose.ts'
import type { Failure } from '../model.ts'

/** A machine that SSH does not reach, and what was found. */
export interface SilentMachine {
  readonly name: string
  readonly diagnosis: Diagnosis
}

/** Whether SSH that does not answer could be what made this failure. Pure. */
export function maySilenceExplain({ kind, code, phase }: Failure): boolean {
  if (phase !== 'ready' && phase !== 'body') return false
  return kind === 'timeout' || code.startsWith('ssh-')
}

/** The failure with the likely cause in front and the findings behind. Pure. */
export function explain(failure: Failure, silent: readonly SilentMachine[]): Failure {
  const [first] = silent
  if (first === undefined || !maySilenceExplain(failure)) return failure
  const found = silent.flatMap(({ name, diagnosis }) =>
    diagnosis.evidence.map((line) => `${name} says: ${line}`),
  )
  return {
    ...failure,
    machine: failure.machine ?? first.name,
    message: `${silent.map(({ name, diagnosis }) => `${name}: ${diagnosis.cause}`).join('; ')} (${failure.message})`,
    evidence: [...(failure.evidence ?? []), ...found],
  }
}
