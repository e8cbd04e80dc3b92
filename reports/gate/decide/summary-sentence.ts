// The decision in one sentence.

import type { ImageIdentity } from '../../../harness/model.ts'
import type { DecisionCounts, RequirementKind, Ruling } from '../decision.ts'
import type { Finding } from './finding.ts'

/** As a person counts them: singular and plural. */
const counted: Readonly<Record<RequirementKind, readonly [string, string]>> = {
  failed: ['failed', 'failed'],
  flaky: ['flaky', 'flaky'],
  infra: ['lost to infrastructure', 'lost to infrastructure'],
  missing: ['missing', 'missing'],
  skipped: ['skipped', 'skipped'],
  stale: ['stale', 'stale'],
  metric: ['metric', 'metrics'],
  soak: ['soak', 'soak'],
  canary: ['canary', 'canary'],
  attestation: ['attestation', 'attestations'],
  approval: ['approval', 'approvals'],
}

/** `hold 4500.1.0 for beta: 2 failed, 1 flaky; 117 of 120 cells are as the policy asks`. */
export function summarySentence(of: {
  readonly ruling: Ruling
  readonly channel: string
  readonly images: readonly ImageIdentity[]
  readonly open: readonly Finding[]
  readonly counts: DecisionCounts
}): string {
  const { ruling, channel, images, open, counts } = of
  const version = images[0]?.version ?? 'an image of which nothing is known'
  const cells = `${counts.satisfied} of ${counts.required} cells are as the policy asks`
  const waived = counts.waived === 0 ? '' : `, ${counts.waived} ${counts.waived === 1 ? 'is' : 'are'} waived`
  const kinds = Map.groupBy(open, ({ kind }) => kind)
  const reasons = [...kinds].map(([kind, all]) => `${all.length} ${counted[kind][all.length === 1 ? 0 : 1]}`)
  switch (ruling) {
    case 'promote':
      return `promote ${version} to ${channel}: ${cells}${waived}`
    case 'hold':
      return `hold ${version} for ${channel}: ${reasons.join(', ')}; ${cells}${waived}`
    case 'need-more-results':
      return `${version} needs more results for ${channel}: ${reasons.join(', ')}; ${cells}${waived}`
    default:
      return ruling satisfies never
  }
}
