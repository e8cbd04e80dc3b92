// Asks a machine whose SSH does not answer what is wrong with it. Never throws: a machine that says nothing is a finding too.

import { messageOf } from '../errors.ts'
import type { ControlLine } from './control-line.ts'
import { describeFindings, likelyCause, LOOK_COMMAND, readFindings } from './findings.ts'

export interface Diagnosis {
  /** Whether the agent said anything. */
  readonly answered: boolean
  /** One sentence: the likely cause, or that there is none to be seen. Hostile text made safe. */
  readonly cause: string
  /** For a person, a line each. */
  readonly evidence: readonly string[]
}

/** Asks within `timeoutMs`; `line` is undefined where the platform has none. */
export async function diagnose(
  line: ControlLine | undefined,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Diagnosis> {
  if (line === undefined) return nothing('SSH does not answer', 'the platform has no control line')
  let output = ''
  let trouble = ''
  try {
    output = (
      await line.exec(LOOK_COMMAND, { timeoutMs, signal, onFinished: ({ stdout }) => (output = stdout) })
    ).stdout
  } catch (error) {
    trouble = messageOf(error)
  }
  if (output === '') {
    return nothing('neither SSH nor the agent in the guest answers', trouble)
  }
  const findings = readFindings(output)
  const incomplete = trouble === '' ? [] : [`control line: ${trouble}`]
  return {
    answered: true,
    cause: likelyCause(findings) ?? 'SSH does not answer, though sshd and the network look well from inside',
    evidence: [...describeFindings(findings), ...incomplete],
  }
}

function nothing(cause: string, trouble: string): Diagnosis {
  return { answered: false, cause, evidence: [`control line: ${trouble}`] }
}
