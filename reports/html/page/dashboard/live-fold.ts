// What has come in of a live run, folded into rows: one a test and target. Pure.

import type { Outcome, Verdict, VerdictCounts } from '../../../../harness/model.ts'
import type { LiveItem } from '../../../serve/data.ts'

export interface LiveRow {
  readonly key: string
  readonly run: string
  readonly test: string
  /** What it is now: an outcome only until there is a verdict. */
  readonly state: 'running' | Outcome | Verdict
  readonly attempt: number
  /** What it does, or why it is not green. */
  readonly text: string
  /** Milliseconds since its run began, of its last change. */
  readonly sinceMs: number
  readonly tookMs?: number
}

export interface LiveTarget {
  readonly name: string
  readonly image: string
  readonly startedAt: string
  readonly end?: string
}

export interface LiveState {
  readonly targets: ReadonlyMap<string, LiveTarget>
  readonly rows: ReadonlyMap<string, LiveRow>
  readonly planned: number
  readonly verdicts: VerdictCounts
  readonly notices: readonly string[]
}

export const nothingYet: LiveState = {
  targets: new Map(),
  rows: new Map(),
  planned: 0,
  verdicts: { passed: 0, flaky: 0, warned: 0, failed: 0, infra: 0, skipped: 0, missing: 0 },
  notices: [],
}

/** The state after more has come in. */
export function foldLive(before: LiveState, items: readonly LiveItem[]): LiveState {
  const targets = new Map(before.targets)
  const rows = new Map(before.rows)
  const verdicts = { ...before.verdicts }
  const notices = [...before.notices]
  let { planned } = before
  const change = (item: { readonly run: string; readonly test: string }, next: Partial<LiveRow>): void => {
    const key = `${item.run}\n${item.test}`
    const known = rows.get(key) ?? {
      key,
      run: item.run,
      test: item.test,
      state: 'running' as const,
      attempt: 1,
      text: '',
      sinceMs: 0,
    }
    rows.set(key, { ...known, ...next })
  }
  for (const item of items) {
    switch (item.k) {
      case 'run':
        targets.set(item.run, { name: item.name ?? '', image: '', startedAt: item.at })
        break
      case 'plan': {
        const known = targets.get(item.run)
        targets.set(item.run, { startedAt: '', ...known, name: item.name, image: item.image })
        planned += item.planned + item.skipped
        break
      }
      case 'notice':
        if (item.level === 'warning') notices.push(item.text)
        break
      case 'end': {
        const known = targets.get(item.run)
        if (known !== undefined) targets.set(item.run, { ...known, end: known.end ?? item.text })
        break
      }
      case 'attempt':
        change(item, { state: 'running', attempt: item.n, text: 'waits for a machine', sinceMs: item.ms })
        break
      case 'doing':
        change(item, { text: item.what })
        break
      case 'outcome':
        change(item, { state: item.outcome, tookMs: item.took, text: item.text ?? '' })
        break
      case 'verdict':
        verdicts[item.verdict] += 1
        change(item, {
          state: item.verdict,
          tookMs: item.took,
          ...(item.text === undefined ? {} : { text: item.text }),
        })
        break
      default:
        item satisfies never
    }
  }
  return { targets, rows, planned, verdicts, notices }
}

const GREEN: ReadonlySet<LiveRow['state']> = new Set(['passed', 'skipped', 'warned'])

/** As they are listed: what runs, what is not green, then the latest green ones up to `most`. */
export function orderRows(
  rows: Iterable<LiveRow>,
  most: number,
): { readonly shown: readonly LiveRow[]; readonly left: number } {
  const all = [...rows]
  const running = all.filter(({ state }) => state === 'running')
  const red = all.filter(({ state }) => state !== 'running' && !GREEN.has(state))
  const green = all.filter(({ state }) => GREEN.has(state)).toReversed()
  const ordered = [...running, ...red, ...green]
  return { shown: ordered.slice(0, most), left: Math.max(0, ordered.length - most) }
}
