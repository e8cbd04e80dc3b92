// How a machine can be asked something after a failure: over SSH, else over the control line, which also says why not over SSH.

import type { ControlLine } from '../control/control-line.ts'
import { diagnose, type Diagnosis } from '../control/diagnose.ts'
import type { SshSession } from '../ssh/index.ts'

export type Reached =
  | { readonly kind: 'ssh' }
  | { readonly kind: 'control'; readonly diagnosis: Diagnosis }
  /** Neither answers. */
  | { readonly kind: 'silent'; readonly diagnosis: Diagnosis }
  /** It is off, or lost: there is nobody to ask. */
  | { readonly kind: 'gone' }

export interface ReachOptions {
  readonly session: SshSession
  readonly line: ControlLine | undefined
  /** SSH has answered before, and nothing fatal was seen since. */
  readonly expectSsh: boolean
  readonly slowness: number
  readonly signal: AbortSignal
}

/** Looks within a few seconds (of a host with KVM). Throws only when aborted. */
export async function reach({ session, line, expectSsh, slowness, signal }: ReachOptions): Promise<Reached> {
  // An emulated guest is asked while it is at work, but a person waits as well.
  const patience = Math.min(slowness, 4)
  if (expectSsh && (await session.answers(3_000 * patience, signal))) return { kind: 'ssh' }
  const diagnosis = await diagnose(line, { timeoutMs: 5_000 * patience, signal })
  signal.throwIfAborted()
  return { kind: diagnosis.answered ? 'control' : 'silent', diagnosis }
}
