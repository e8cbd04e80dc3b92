// Limits of metrics: the median over all attempts of a place, absolute or relative to the promoted image.

import type { MetricRule, Policy } from '../policy.ts'
import { compileSelector } from '../selector.ts'
import { shareText } from '../span.ts'
import type { Finding, RuleFindings } from './finding.ts'
import type { Cell } from './gather-cells.ts'

/** Judges every metric of the policy. */
export function judgeMetrics(
  { metrics }: Policy,
  cells: ReadonlyMap<string, Cell>,
  baseline: ReadonlyMap<string, Cell>,
): readonly RuleFindings[] {
  return metrics.map((rule): RuleFindings => {
    const now = mediansByPlace(rule, cells.values())
    const before = mediansByPlace({ ...rule, targets: [] }, baseline.values())
    const findings = [...now].flatMap(([place, { target, value }]) =>
      limitFindings(rule, target, value, before.get(place)?.value),
    )
    const none: readonly Finding[] =
      now.size > 0
        ? []
        : [finding(rule, 'need-more-results', `no attempt of this image measured ${rule.metric}`)]
    return {
      rule: rule.name,
      asks: asksText(rule),
      total: Math.max(1, now.size),
      findings: [...findings, ...none],
    }
  })
}

interface Median {
  readonly target: string
  readonly value: number
}

function mediansByPlace(rule: MetricRule, cells: Iterable<Cell>): ReadonlyMap<string, Median> {
  const selector = compileSelector(rule)
  const values = new Map<string, { readonly target: string; readonly values: number[] }>()
  for (const cell of cells) {
    const found = cell.metrics.filter(({ name }) => name === rule.metric)
    if (found.length === 0 || !selector.admits(cell)) continue
    const known = values.get(cell.place) ?? { target: cell.target, values: [] }
    known.values.push(...found.map(({ value }) => value))
    values.set(cell.place, known)
  }
  return new Map(
    [...values].map(([place, { target, values: all }]) => [place, { target, value: medianOf(all) }]),
  )
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

function limitFindings(
  rule: MetricRule,
  target: string,
  value: number,
  before: number | undefined,
): readonly Finding[] {
  const { metric, atMost, atLeast, atMostMore, atMostLess } = rule
  const shown = `${metric} on ${target} is ${rounded(value)}`
  const found: Finding[] = []
  if (atMost !== undefined && value > atMost)
    found.push(finding(rule, 'hold', `${shown}, and at most ${atMost} is admitted`, target))
  if (atLeast !== undefined && value < atLeast)
    found.push(finding(rule, 'hold', `${shown}, and at least ${atLeast} is asked`, target))
  if (atMostMore === undefined && atMostLess === undefined) return found
  if (before === undefined)
    return [
      ...found,
      finding(rule, 'need-more-results', `${shown}, and nothing is known of the promoted image`, target),
    ]
  const than = `that of the promoted image (${rounded(before)})`
  if (atMostMore !== undefined && value > before * (1 + atMostMore))
    found.push(finding(rule, 'hold', `${shown}: more than ${shareText(atMostMore)} over ${than}`, target))
  if (atMostLess !== undefined && value < before * (1 - atMostLess))
    found.push(finding(rule, 'hold', `${shown}: more than ${shareText(atMostLess)} under ${than}`, target))
  return found
}

function finding(rule: MetricRule, effect: Finding['effect'], message: string, target?: string): Finding {
  return { kind: 'metric', effect, rule: rule.name, message, ...(target === undefined ? {} : { target }) }
}

function asksText({ metric, atMost, atLeast, atMostMore, atMostLess }: MetricRule): string {
  const parts = [
    ...(atMost === undefined ? [] : [`at most ${atMost}`]),
    ...(atLeast === undefined ? [] : [`at least ${atLeast}`]),
    ...(atMostMore === undefined ? [] : [`at most ${shareText(atMostMore)} more than now`]),
    ...(atMostLess === undefined ? [] : [`at most ${shareText(atMostLess)} less than now`]),
  ]
  return `${metric}: ${parts.join(', ')}`
}

function rounded(value: number): string {
  return String(Math.round(value * 100) / 100)
}
