// Which waivers have an effect, and on what. One that has none says why: it expired, was used up, is approved by its author,
// does not fit the failure any more.

import type { WaiverResult } from '../decision.ts'
import { spanText } from '../span.ts'
import { waiverOf, type Waiver } from '../statement/waiver.ts'
import type { CheckedStatement, DecisionView, LedgerEntry } from '../view.ts'
import type { DecisionNote } from '../decision.ts'
import type { Finding, RuleFindings } from './finding.ts'

export interface WaivedFindings {
  /** In the order of the findings that they waive, by finding. */
  readonly waivedBy: ReadonlyMap<Finding, readonly string[]>
  readonly results: readonly WaiverResult[]
  /** Files that are no waivers at all. */
  readonly notes: readonly DecisionNote[]
}

interface ReadWaiver {
  readonly id: string
  readonly waiver: Waiver
  readonly statement: CheckedStatement
}

/** Applies the waivers. A finding is waived when each of its fingerprints is. */
export function applyWaivers(
  view: DecisionView,
  rules: readonly RuleFindings[],
  tests: ReadonlySet<string>,
): WaivedFindings {
  const notes: DecisionNote[] = []
  const read = view.waivers.flatMap((statement): readonly ReadWaiver[] => {
    const waiver = waiverOf(statement)
    if (typeof waiver !== 'string') return [{ id: statement.payloadSha256, waiver, statement }]
    notes.push({
      code: 'waiver-without-effect',
      message: `the waiver ${statement.sha256.slice(0, 12)} has no effect: ${waiver}`,
    })
    return []
  })
  // The same statement, signed by more people, is one waiver.
  const best = new Map<string, ReadWaiver>()
  for (const each of read) {
    const before = best.get(each.id)
    if (before === undefined || before.statement.signedBy.length < each.statement.signedBy.length)
      best.set(each.id, each)
  }
  const refused = new Map([...best.values()].map((each) => [each.id, refusalOf(each, view)]))
  const inForce = [...best.values()].filter(({ id }) => refused.get(id) === undefined)
  const findings = rules.flatMap(({ findings: all }) => all)
  const waivedBy = new Map<Finding, readonly string[]>()
  for (const finding of findings) {
    const ids = waiversFor(finding, inForce)
    if (ids !== undefined) waivedBy.set(finding, ids)
  }
  const applied = new Set([...waivedBy.values()].flat())
  const results = [...best.values()]
    .map((each): WaiverResult => {
      const refusal = refused.get(each.id)
      if (refusal !== undefined) return resultOf(each, refusal.state, refusal.message)
      if (applied.has(each.id)) return resultOf(each, 'applied', `it applies: ${each.waiver.reason}`)
      return idleResult(each, findings, tests)
    })
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
  return { waivedBy, results, notes }
}

/** The ids that waive all failures of a finding; undefined when one is left. */
function waiversFor(finding: Finding, inForce: readonly ReadWaiver[]): readonly string[] | undefined {
  const { test, target, fingerprints = [], effect } = finding
  if (fingerprints.length === 0 || effect !== 'hold') return undefined
  const ids = fingerprints.map(
    (fingerprint) =>
      inForce.find(
        ({ waiver }) =>
          waiver.test === test && waiver.target === target && waiver.fingerprint === fingerprint,
      )?.id,
  )
  return ids.every((id) => id !== undefined) ? [...new Set(ids)] : undefined
}

interface Refusal {
  readonly state: WaiverResult['state']
  readonly message: string
}

function refusalOf(each: ReadWaiver, view: DecisionView): Refusal | undefined {
  const { waiver, statement, id } = each
  const { policy, keys, now } = view
  const refuse = (state: WaiverResult['state'], message: string): Refusal => ({ state, message })
  const { author, approver } = waiver
  if (policy.waivers === undefined) return refuse('not-admitted', 'the policy admits no waivers')
  if (author === approver || (keys[author] !== undefined && keys[author] === keys[approver]))
    return refuse('self-approved', `${author} wrote it and approved it: that takes another person`)
  for (const name of [author, approver])
    if (!policy.waivers.from.includes(name))
      return refuse('unknown-signer', `the policy does not let ${name} waive`)
  if (!statement.signedBy.includes(author))
    return statement.badSignatures > 0
      ? refuse('bad-signature', 'a signature on it is wrong, or of a key that the policy does not know')
      : refuse('not-approved', `its author ${author} has not signed it`)
  if (!statement.signedBy.includes(approver))
    return statement.badSignatures > 0
      ? refuse('bad-signature', 'a signature on it is wrong, or of a key that the policy does not know')
      : refuse('not-approved', `its approver ${approver} has not signed it`)
  if (Date.parse(waiver.expires) <= Date.parse(now))
    return refuse('expired', `it expired on ${waiver.expires}`)
  const spanMs = Date.parse(waiver.expires) - Date.parse(waiver.created)
  if (spanMs > policy.waivers.atMostMs)
    return refuse(
      'not-admitted',
      `it is for ${spanText(spanMs)}, and the policy admits ${spanText(policy.waivers.atMostMs)}`,
    )
  const used = usesOf(id, view)
  if (used >= waiver.maximumUses)
    return refuse('used-up', `it was for ${waiver.maximumUses} promotions and was used for ${used}`)
  return undefined
}

/** Promotions of other images, or to other channels, that it made possible. */
function usesOf(id: string, { ledger, channel, images, now }: DecisionView): number {
  const key = (entry: Pick<LedgerEntry, 'channel' | 'images'>): string =>
    JSON.stringify([entry.channel, [...entry.images].toSorted()])
  const own = key({ channel, images })
  const uses = ledger
    .filter(({ ruling, waivers }) => ruling === 'promote' && waivers.includes(id))
    .filter(({ decidedAt }) => Date.parse(decidedAt) <= Date.parse(now))
    .map(key)
  return new Set(uses.filter((each) => each !== own)).size
}

function idleResult(
  each: ReadWaiver,
  findings: readonly Finding[],
  tests: ReadonlySet<string>,
): WaiverResult {
  const { test, target, fingerprint } = each.waiver
  const about = findings.find((finding) => finding.test === test && finding.target === target)
  if (about?.fingerprints !== undefined && !about.fingerprints.includes(fingerprint))
    return resultOf(
      each,
      'other-failure',
      `the test fails otherwise now (${about.fingerprints.join(', ')}): what it was written for does not match any more`,
    )
  if (about?.fingerprints !== undefined)
    return resultOf(each, 'other-failure', 'the test also fails in another way, which nothing waives')
  if (!tests.has(JSON.stringify([test, target])))
    return resultOf(each, 'no-such-test', 'no run of this image has this test on this target')
  return resultOf(each, 'not-needed', 'the test did not fail: it can be removed')
}

function resultOf({ id, waiver }: ReadWaiver, state: WaiverResult['state'], message: string): WaiverResult {
  const { test, target, fingerprint, tracker, author, approver, expires } = waiver
  return { id, test, target, fingerprint, tracker, author, approver, expires, state, message }
}
