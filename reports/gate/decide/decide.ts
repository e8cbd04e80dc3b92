// The decision: a pure function of what was given, the clock included. It names every requirement that is not satisfied and
// what would satisfy it, and never says "promote" while one is left.

import type { ImageIdentity } from '../../../harness/model.ts'
import {
  DECISION_VERSION,
  type Decision,
  type Requirement,
  type RuleResult,
  type Ruling,
} from '../decision.ts'
import type { DecisionView, GateRun } from '../view.ts'
import { applyWaivers } from './apply-waivers.ts'
import { infraRules, judgeCells } from './cell-rules.ts'
import { commandOf, commandsOf } from './commands.ts'
import { missingShards } from './completeness.ts'
import type { Finding, RuleFindings } from './finding.ts'
import { gatherCells } from './gather-cells.ts'
import { indexHistory } from './judge-flakes.ts'
import { judgeMetrics } from './metric-rules.ts'
import { judgeSoak } from './soak-rule.ts'
import { judgeApprovals, judgeAttestations } from './statement-rules.ts'
import { summarySentence } from './summary-sentence.ts'
import { promotedRuns, usableRuns } from './usable-runs.ts'

/** Decides. */
export function decide(view: DecisionView): Decision {
  const { policy, channel, now } = view
  const usable = usableRuns(view)
  const promoted = promotedRuns(view)
  const cells = gatherCells(usable.runs)
  const baseline = gatherCells(promoted.runs)
  const images = identitiesOf(view.images, usable.runs)
  const history = indexHistory(view.history, new Set(usable.runs.map(({ run }) => run)))
  const judged = judgeCells({ policy, cells, baseline, history, nowMs: Date.parse(now) })
  const approvals = judgeApprovals(policy, view)
  const rules: readonly RuleFindings[] = [
    ...judged.rules,
    ...completenessRules(view, usable.runs),
    ...infraRules(policy, judged.required),
    ...judgeMetrics(policy, cells, baseline),
    ...judgeSoak(policy, view, images[0]?.version),
    ...judgeAttestations(policy, view, usable.runs),
    ...approvals.rules,
  ]
  const tests = new Set([...cells.values()].map(({ test, target }) => JSON.stringify([test, target])))
  const { waivedBy, results, notes } = applyWaivers(view, rules, tests)
  const all = inOrder(rules)
  const open = all.filter((finding) => !waivedBy.has(finding))
  const waived = all.filter((finding) => waivedBy.has(finding))
  const ruling = rulingOf(open)
  const counts = {
    required: judged.required.length,
    notRequired: judged.notRequired,
    satisfied: judged.satisfied,
    waived: waived.length,
    attempts: cells.values().reduce((sum, cell) => sum + cell.judged.length + cell.lost, 0),
  }
  return {
    schemaVersion: DECISION_VERSION,
    decision: ruling,
    summary: summarySentence({ ruling, channel, images, open, counts }),
    channel,
    digests: view.images,
    images,
    decidedAt: now,
    counts,
    rules: rules.map((rule) => resultOf(rule, waivedBy)),
    unsatisfied: open.map((finding) => requirementOf(finding)),
    waived: waived.map((finding) => requirementOf(finding, waivedBy.get(finding))),
    commands: commandsOf(open),
    waivers: results,
    notes: [...usable.notes, ...promoted.notes, ...judged.notes, ...approvals.notes, ...notes],
    inputs: view.inputs,
  }
}

function rulingOf(open: readonly Finding[]): Ruling {
  if (open.some(({ effect }) => effect === 'hold')) return 'hold'
  return open.length > 0 ? 'need-more-results' : 'promote'
}

/** Shards that were not given, and images that no run tested. */
function completenessRules(
  { images }: Pick<DecisionView, 'images'>,
  runs: readonly GateRun[],
): readonly RuleFindings[] {
  const shards = missingShards(runs)
  const tested = new Set(runs.map(({ image }) => image.digest))
  const untested = images
    .filter((digest) => !tested.has(digest))
    .map((digest): Finding => ({
      kind: 'missing',
      effect: 'need-more-results',
      rule: 'images',
      message: `no run tested the image ${digest}`,
    }))
  return [
    { rule: 'images', asks: 'every image was tested', total: images.length, findings: untested },
    ...(shards.length === 0
      ? []
      : [{ rule: 'shards', asks: 'every shard was run', total: shards.length, findings: shards }]),
  ]
}

/** Who the images are, as the runs say; those that no run tested are left out. */
function identitiesOf(digests: readonly string[], runs: readonly GateRun[]): readonly ImageIdentity[] {
  return digests.flatMap((digest) => runs.find(({ image }) => image.digest === digest)?.image ?? [])
}

function resultOf(
  { rule, asks, total, findings }: RuleFindings,
  waivedBy: ReadonlyMap<Finding, readonly string[]>,
): RuleResult {
  const waived = findings.filter((finding) => waivedBy.has(finding)).length
  return {
    rule,
    asks,
    total,
    satisfied: total - findings.length,
    waived,
    unsatisfied: findings.length - waived,
  }
}

/** Those that hold first, then in the order of the rules, then by target and test. */
function inOrder(rules: readonly RuleFindings[]): readonly Finding[] {
  const order = new Map(rules.map(({ rule }, index) => [rule, index]))
  const rank = ({ effect, rule }: Finding): number =>
    (effect === 'hold' ? 0 : rules.length) + (order.get(rule) ?? 0)
  return rules
    .flatMap(({ findings }) => findings)
    .toSorted(
      (a, b) =>
        rank(a) - rank(b) ||
        compare(a.target ?? '', b.target ?? '') ||
        compare(a.test ?? '', b.test ?? '') ||
        compare(a.message, b.message),
    )
}

function requirementOf({ rerun, ...finding }: Finding, waivers?: readonly string[]): Requirement {
  const command = finding.command ?? (rerun === undefined ? undefined : commandOf(rerun))
  return {
    ...finding,
    ...(command === undefined ? {} : { command }),
    ...(waivers === undefined ? {} : { waivers }),
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
