// What must be signed by others: attestations of inputs, and approvals of people.

import { approvalOf } from '../statement/approval.ts'
import type { AttestationRule, Policy } from '../policy.ts'
import type { CheckedStatement, DecisionView, GateRun } from '../view.ts'
import type { DecisionNote } from '../decision.ts'
import type { Finding, RuleFindings } from './finding.ts'

/** Judges every attestation that the policy asks for. */
export function judgeAttestations(
  { attestations: rules }: Policy,
  { images, attestations }: Pick<DecisionView, 'images' | 'attestations'>,
  runs: readonly GateRun[],
): readonly RuleFindings[] {
  return rules.map((rule) => {
    const subjects =
      rule.of === 'image'
        ? images.map((digest) => [`the image ${digest}`, hexOf(digest)] as const)
        : [...new Map(runs.map((run) => [run.sha256, `the record of the run ${run.run}`] as const))].map(
            ([sha256, what]) => [what, sha256] as const,
          )
    const findings = subjects.flatMap(([what, sha256]): readonly Finding[] => {
      const about = attestations.filter(
        ({ predicateType, subjects: all }) => predicateType === rule.predicateType && all.includes(sha256),
      )
      if (about.some(({ signedBy }) => signedBy.some((name) => rule.signedBy.includes(name)))) return []
      return [missing(rule, what, about)]
    })
    return {
      rule: rule.name,
      asks: `${rule.predicateType} of ${rule.of === 'image' ? 'the image' : 'every run'}, signed by ${rule.signedBy.join(' or ')}`,
      total: Math.max(1, subjects.length),
      findings,
    }
  })
}

function missing(rule: AttestationRule, what: string, about: readonly CheckedStatement[]): Finding {
  const wrong = about.some(({ badSignatures }) => badSignatures > 0)
    ? ': the signature of one that was given is wrong'
    : about.length > 0
      ? `: one that was given is signed by ${about.flatMap(({ signedBy }) => signedBy).join(', ') || 'nobody'}`
      : ''
  return {
    kind: 'attestation',
    effect: 'need-more-results',
    rule: rule.name,
    message: `no ${rule.predicateType} of ${what} signed by ${rule.signedBy.join(' or ')}${wrong}`,
  }
}

/** Judges the number of approvals; a person counts once, by key. */
export function judgeApprovals(
  { approvals: rule }: Policy,
  { approvals, images, channel, keys, now }: DecisionView,
): { readonly rules: readonly RuleFindings[]; readonly notes: readonly DecisionNote[] } {
  const notes: DecisionNote[] = []
  const approvers = new Map<string, string>()
  for (const statement of approvals) {
    const read = approvalOf(statement)
    const why = ((): string | undefined => {
      if (typeof read === 'string') return read
      if (statement.signedBy.length === 0)
        return 'no signer of the policy has signed it, or its signature is wrong'
      if (read.channel !== channel) return `it is for ${read.channel}`
      if (!images.every((digest) => statement.subjects.includes(hexOf(digest))))
        return 'it is of another image'
      if (read.expires !== undefined && Date.parse(read.expires) <= Date.parse(now))
        return `it expired on ${read.expires}`
      const admitted = statement.signedBy.filter((name) => rule?.from.includes(name) === true)
      if (admitted.length === 0) return `the policy does not ask ${statement.signedBy.join(', ')}`
      for (const name of admitted) approvers.set(keys[name] ?? name, name)
      return undefined
    })()
    if (why !== undefined)
      notes.push({
        code: 'approval-without-effect',
        message: `the approval ${statement.sha256.slice(0, 12)} has no effect: ${why}`,
      })
  }
  if (rule === undefined) return { rules: [], notes }
  const count = approvers.size
  const message = `${count} of ${rule.atLeast} approvals are there${count === 0 ? '' : ` (${[...approvers.values()].toSorted().join(', ')})`}; who may: ${rule.from.join(', ')}`
  const command = [
    'signalbox',
    'gate',
    'approve',
    '--channel',
    channel,
    ...images.flatMap((digest) => ['--image', digest]),
    '--key',
    'YOUR-KEY.pem',
  ]
  const findings: readonly Finding[] =
    count >= rule.atLeast
      ? []
      : [{ kind: 'approval', effect: 'need-more-results', rule: 'approvals', message, command }]
  return {
    rules: [
      {
        rule: 'approvals',
        asks: `${rule.atLeast} of ${rule.from.length} people approve`,
        total: 1,
        findings,
      },
    ],
    notes,
  }
}

function hexOf(digest: string): string {
  return digest.replace(/^sha256:/, '')
}
