// The flake budget of a cell: how often it fails and then passes, over its history and these runs, by confidence bounds.
// Over the budget it is only when that is proved, within it only when that is proved; else there are too few results.

import { lowerBound, trialsFor, upperBound } from '../bound.ts'
import type { CellRule, FlakeBudget } from '../policy.ts'
import { shareText, spanText } from '../span.ts'
import type { HistoryRow } from '../view.ts'
import type { Finding } from './finding.ts'
import type { Cell } from './gather-cells.ts'
import { describe } from './judge-cell.ts'

export interface FlakeHistory {
  /** All of a cell that is not older than so many milliseconds. */
  readonly of: (cell: Cell, sinceMs: number) => Pick<HistoryRow, 'trials' | 'flakes'>
}

/** Indexes the history; rows of `except` are given as runs too. */
export function indexHistory(rows: readonly HistoryRow[], except: ReadonlySet<string>): FlakeHistory {
  const places = new Map<string, Map<string, HistoryRow[]>>()
  for (const row of rows) {
    if (except.has(row.run)) continue
    const tests = places.get(row.place) ?? new Map<string, HistoryRow[]>()
    places.set(row.place, tests)
    const known = tests.get(row.test)
    if (known === undefined) tests.set(row.test, [row])
    else known.push(row)
  }
  return {
    of: ({ place, test }, sinceMs) => {
      let [trials, flakes] = [0, 0]
      for (const row of places.get(place)?.get(test) ?? [])
        if (Date.parse(row.at) >= sinceMs) {
          trials += row.trials
          flakes += row.flakes
        }
      return { trials, flakes }
    },
  }
}

/** What is wrong with its flake rate, if anything. */
export function judgeFlakes(
  cell: Cell,
  rule: CellRule & { readonly flakes: FlakeBudget },
  history: FlakeHistory,
  nowMs: number,
): Finding | undefined {
  const { atMost, confidence, historyMs } = rule.flakes
  const earlier = history.of(cell, nowMs - historyMs)
  const trials = cell.trials + earlier.trials
  const flakes = cell.flakes + earlier.flakes
  const upper = upperBound(flakes, trials, confidence)
  if (upper <= atMost) return undefined
  const seen = `${describe(cell)} flaked in ${flakes} of ${trials} trials of the last ${spanText(historyMs)}`
  const base = { rule: rule.name, test: cell.test, target: cell.target, kind: 'flaky' } as const
  const fingerprints = [...new Set(cell.failures.map(({ fingerprint }) => fingerprint))]
  if (lowerBound(flakes, trials, confidence) > atMost)
    return {
      ...base,
      effect: 'hold',
      message: `${seen}: over the budget of ${shareText(atMost)}, with ${shareText(confidence)} confidence`,
      ...(fingerprints.length === 0 ? {} : { fingerprints }),
    }
  const needed = trialsFor(flakes, atMost, confidence)
  const more = needed === undefined ? 1000 : Math.min(1000, Math.max(1, needed - trials))
  return {
    ...base,
    effect: 'need-more-results',
    message: `${seen}: at most ${shareText(upper)} with ${shareText(confidence)} confidence, and ${shareText(atMost)} are asked; ${more} more without a flake would do`,
    rerun: { run: cell.run, tests: [cell.test], more: ['--repeat', `${more}`] },
  }
}
