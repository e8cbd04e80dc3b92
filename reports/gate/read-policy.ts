// A policy file -> a policy. Whatever is wrong with it is found and said with its place; a policy with a problem decides
// nothing.

import { checkSchema } from './check-schema.ts'
import { checkSense } from './check-sense.ts'
import type { AttestationRule, CellRule, MetricRule, Passes, Policy, Selector, SoakRule } from './policy.ts'
import { parsePolicyDocument, type PolicyDocument } from './policy-document.ts'
import { refuseProblems, type PolicyProblem } from './problem.ts'
import { DAY_MS, shareOf, spanMs } from './span.ts'

export interface ReadPolicy {
  readonly document: PolicyDocument
  /** Undefined when it cannot be read at all. */
  readonly policy: Policy | undefined
  readonly problems: readonly PolicyProblem[]
}

/** Reads the text and finds all problems that can be seen without a plan. Never throws. */
export function readPolicy(text: string): ReadPolicy {
  const document = parsePolicyDocument(text)
  const problems = document.problems.length > 0 ? document.problems : checkSchema(document)
  if (problems.length > 0) return { document, policy: undefined, problems }
  const policy = makePolicy(document.value as RawPolicy)
  return { document, policy, problems: checkSense(policy, document) }
}

/** Reads the text of a policy that is to decide; `file` is its name in messages. Throws UsageError for any problem. */
export function parsePolicy(text: string, file: string): Policy {
  const { policy, problems } = readPolicy(text)
  refuseProblems(file, problems)
  if (policy === undefined) throw new Error(`${file} has no policy and no problem`)
  return policy
}

interface RawSelector {
  readonly tests?: readonly string[]
  readonly tags?: readonly string[]
  readonly targets?: readonly string[]
}

interface RawRule extends RawSelector {
  readonly name: string
  readonly require: string
  readonly skipped?: 'block' | 'allow'
  readonly knownFailures?: 'block' | 'allow'
  readonly redBefore?: 'block' | 'allow'
  readonly flakes?: { readonly atMost: string; readonly confidence?: string; readonly history?: string }
}

interface RawMetric extends RawSelector {
  readonly name: string
  readonly metric: string
  readonly atMost?: number
  readonly atLeast?: number
  readonly atMostMore?: string
  readonly atMostLess?: string
}

/** As the schema has it. */
interface RawPolicy {
  readonly channel: string
  readonly description?: string
  readonly rules: readonly RawRule[]
  readonly infra?: { readonly atMost: string }
  readonly freshness?: { readonly atMost?: string; readonly clockSkew?: string }
  readonly metrics?: readonly RawMetric[]
  readonly soak?: {
    readonly channel: string
    readonly atLeast: string
    readonly canary?: { readonly errorRateAtMost: string; readonly instancesAtLeast?: number }
  }
  readonly attestations?: readonly (Omit<AttestationRule, 'of'> & { readonly of?: 'image' | 'runs' })[]
  readonly approvals?: { readonly atLeast: number; readonly from: readonly string[] }
  readonly waivers?: { readonly from: readonly string[]; readonly atMost?: string }
  readonly signers?: Readonly<Record<string, string>>
}

function makePolicy(raw: RawPolicy): Policy {
  return {
    channel: raw.channel,
    ...(raw.description === undefined ? {} : { description: raw.description }),
    rules: raw.rules.map(makeRule),
    ...(raw.infra === undefined ? {} : { infraAtMost: shareOf(raw.infra.atMost) }),
    ...(raw.freshness?.atMost === undefined ? {} : { freshMs: span(raw.freshness.atMost) }),
    clockSkewMs: span(raw.freshness?.clockSkew ?? '5min'),
    metrics: (raw.metrics ?? []).map(makeMetric),
    ...(raw.soak === undefined ? {} : { soak: makeSoak(raw.soak) }),
    attestations: (raw.attestations ?? []).map((each) => ({ ...each, of: each.of ?? 'image' })),
    ...(raw.approvals === undefined ? {} : { approvals: raw.approvals }),
    ...(raw.waivers === undefined
      ? {}
      : { waivers: { from: raw.waivers.from, atMostMs: span(raw.waivers.atMost ?? '90d') } }),
    signers: raw.signers ?? {},
  }
}

function selectorOf({ tests = [], tags = [], targets = [] }: RawSelector): Selector {
  return { tests, tags, targets }
}

function makeRule(raw: RawRule): CellRule {
  const { name, require, skipped = 'block', knownFailures = 'block', redBefore = 'block', flakes } = raw
  return {
    name,
    ...selectorOf(raw),
    require: passesOf(require),
    skipped,
    knownFailures,
    redBefore,
    ...(flakes === undefined
      ? {}
      : {
          flakes: {
            atMost: shareOf(flakes.atMost),
            confidence: shareOf(flakes.confidence ?? '95%'),
            historyMs: span(flakes.history ?? '90d'),
          },
        }),
  }
}

function passesOf(text: string): Passes {
  if (text === 'first-attempt' || text === 'any-attempt' || text === 'nothing') return { kind: text }
  const [passes = 0, of = 0] = text.split(' of ').map(Number)
  return { kind: 'some', passes, of }
}

function makeMetric(raw: RawMetric): MetricRule {
  const { name, metric, atMost, atLeast, atMostMore, atMostLess } = raw
  return {
    name,
    metric,
    ...selectorOf(raw),
    ...(atMost === undefined ? {} : { atMost }),
    ...(atLeast === undefined ? {} : { atLeast }),
    ...(atMostMore === undefined ? {} : { atMostMore: shareOf(atMostMore) }),
    ...(atMostLess === undefined ? {} : { atMostLess: shareOf(atMostLess) }),
  }
}

function makeSoak({ channel, atLeast, canary }: NonNullable<RawPolicy['soak']>): SoakRule {
  return {
    channel,
    atLeastMs: span(atLeast),
    ...(canary === undefined
      ? {}
      : {
          canary: {
            errorRateAtMost: shareOf(canary.errorRateAtMost),
            instancesAtLeast: canary.instancesAtLeast ?? 1,
          },
        }),
  }
}

/** The schema has checked the form. */
function span(text: string): number {
  return spanMs(text) ?? 90 * DAY_MS
}
