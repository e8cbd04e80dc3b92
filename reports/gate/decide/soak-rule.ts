// The soak: how long the image has been promoted in the channel below, and what its instances there report.

import type { Policy, SoakRule } from '../policy.ts'
import { shareText, spanText } from '../span.ts'
import type { DecisionView } from '../view.ts'
import type { Finding, RuleFindings } from './finding.ts'

/** Judges soak and canary; undefined when the policy asks for neither. */
export function judgeSoak(
  { soak }: Policy,
  view: Pick<DecisionView, 'images' | 'now' | 'ledger' | 'canary'>,
  version: string | undefined,
): readonly RuleFindings[] {
  if (soak === undefined) return []
  const soaked: RuleFindings = {
    rule: 'soak',
    asks: `${spanText(soak.atLeastMs)} in ${soak.channel}`,
    total: 1,
    findings: soakFindings(soak, view),
  }
  if (soak.canary === undefined) return [soaked]
  return [soaked, canaryFindings(soak, soak.canary, view.canary, version)]
}

function soakFindings(
  { channel, atLeastMs }: SoakRule,
  { images, now, ledger }: Pick<DecisionView, 'images' | 'now' | 'ledger'>,
): readonly Finding[] {
  const nowMs = Date.parse(now)
  const about = ledger
    .filter((entry) => entry.channel === channel && images.every((digest) => entry.images.includes(digest)))
    .filter(({ decidedAt }) => Date.parse(decidedAt) <= nowMs)
    .toSorted((a, b) => Date.parse(a.decidedAt) - Date.parse(b.decidedAt))
  const first = about.find(({ ruling }) => ruling === 'promote')
  const finding = (effect: Finding['effect'], message: string): Finding => ({
    kind: 'soak',
    effect,
    rule: 'soak',
    message,
  })
  if (first === undefined)
    return [finding('need-more-results', `no decision is known that promoted this image to ${channel}`)]
  const last = about.at(-1)
  if (last?.ruling === 'hold')
    return [
      finding('hold', `the latest decision about this image in ${channel}, of ${last.decidedAt}, holds it`),
    ]
  const sinceMs = nowMs - Date.parse(first.decidedAt)
  if (sinceMs >= atLeastMs) return []
  const until = new Date(Date.parse(first.decidedAt) + atLeastMs).toISOString()
  const message = `the image is in ${channel} since ${first.decidedAt}, that is ${spanText(sinceMs)}; not before ${until}`
  return [{ ...finding('need-more-results', message), notBefore: until }]
}

function canaryFindings(
  { channel }: SoakRule,
  { errorRateAtMost, instancesAtLeast }: NonNullable<SoakRule['canary']>,
  canary: DecisionView['canary'],
  version: string | undefined,
): RuleFindings {
  const findings = (effect: Finding['effect'], message: string): readonly Finding[] => [
    { kind: 'canary', effect, rule: 'canary', message },
  ]
  const found = ((): readonly Finding[] => {
    if (canary === undefined)
      return findings('need-more-results', `no figures of instances in ${channel} were given (--canary FILE)`)
    if (canary.channel !== channel || canary.version !== version)
      return findings(
        'need-more-results',
        `the canary figures are of ${canary.version} in ${canary.channel}, and those of ${version ?? 'this image'} in ${channel} are asked`,
      )
    const rate = canary.instances === 0 ? 0 : canary.errors / canary.instances
    if (rate > errorRateAtMost)
      return findings(
        'hold',
        `${canary.errors} of ${canary.instances} instances in ${channel} report errors (${shareText(rate)}), and ${shareText(errorRateAtMost)} are admitted`,
      )
    if (canary.instances < instancesAtLeast)
      return findings(
        'need-more-results',
        `only ${canary.instances} instances in ${channel} have reported, and ${instancesAtLeast} are asked`,
      )
    return []
  })()
  return {
    rule: 'canary',
    asks: `at most ${shareText(errorRateAtMost)} of ${instancesAtLeast} or more instances in ${channel} report errors`,
    total: 1,
    findings: found,
  }
}
