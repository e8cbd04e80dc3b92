// Another policy over the evidence of a past decision, at the time of then: what it would have decided. Pure.

import { messageOf } from '../../harness/errors.ts'
import { assemble } from './assemble.ts'
import { decide } from './decide/decide.ts'
import type { Decision, Requirement } from './decision.ts'
import { INPUTS_FOLDER, type EvidenceFiles } from './evidence-files.ts'
import type { InputFile } from './input-file.ts'
import { verifyEvidence } from './verify.ts'

export type Backtest =
  | {
      readonly kind: 'decided'
      readonly before: Decision
      readonly after: Decision
      /** Not satisfied now and not named then. */
      readonly added: readonly Requirement[]
      /** Named then and not any more. */
      readonly removed: readonly Requirement[]
    }
  /** The evidence is not what was decided on, or lacks something that the other policy needs. */
  | { readonly kind: 'unusable'; readonly message: string }

/** Decides anew with the policy and its keys in place of those of then. */
export function backtest(files: EvidenceFiles, policy: readonly InputFile[]): Backtest {
  const { decision: before, deviations } = verifyEvidence(files, undefined)
  const [deviation] = deviations
  if (before === undefined || deviation !== undefined)
    return { kind: 'unusable', message: `${deviation?.file ?? ''}: ${deviation?.message ?? 'no decision'}` }
  const kept = before.inputs.filter(({ kind }) => kind !== 'policy' && kind !== 'signer')
  const inputs = kept.flatMap((input): readonly InputFile[] => {
    const bytes = files.get(`${INPUTS_FOLDER}/${input.sha256}`)
    return bytes === undefined ? [] : [{ input, bytes }]
  })
  try {
    const request = { channel: before.channel, images: before.digests, now: before.decidedAt }
    const after = decide(assemble(request, [...policy, ...inputs]))
    return {
      kind: 'decided',
      before,
      after,
      added: without(after.unsatisfied, before.unsatisfied),
      removed: without(before.unsatisfied, after.unsatisfied),
    }
  } catch (error) {
    return { kind: 'unusable', message: messageOf(error) }
  }
}

/** By what they are about: names of rules and the words of messages may change with the policy. */
function without(all: readonly Requirement[], others: readonly Requirement[]): readonly Requirement[] {
  const key = ({ kind, test, target }: Requirement): string => JSON.stringify([kind, test, target])
  const known = new Set(others.map(key))
  return all.filter((requirement) => !known.has(key(requirement)))
}
