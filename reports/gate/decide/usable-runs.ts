// Which of the given runs count: of these images, not twice, not from the future. Each that does not is named.

import type { DecisionNote } from '../decision.ts'
import { spanText } from '../span.ts'
import type { DecisionView, GateRun } from '../view.ts'

export interface UsableRuns {
  /** Oldest first. */
  readonly runs: readonly GateRun[]
  readonly notes: readonly DecisionNote[]
}

/** Sorts out what does not count. */
export function usableRuns(view: DecisionView): UsableRuns {
  const notes: DecisionNote[] = []
  const nowMs = Date.parse(view.now)
  const skewMs = view.policy.clockSkewMs
  const { once, notes: doubled } = withoutDuplicates(view.runs)
  notes.push(...doubled)
  const usable = once.filter((run) => {
    if (!view.images.includes(run.image.digest)) {
      notes.push(
        note(
          'other-image',
          `the run ${run.run} tested another image, ${run.image.version} (${run.image.digest}); it does not count`,
        ),
      )
      return false
    }
    if (run.planChanged) {
      notes.push(
        note(
          'plan-changed',
          `the tests in the record of the run ${run.run} are not those that it planned (${run.plan}); it does not count`,
        ),
      )
      return false
    }
    const startMs = Date.parse(run.startedAt)
    const endMs = startMs + run.durationMs
    if (Number.isNaN(startMs) || run.durationMs < 0) {
      notes.push(
        note(
          'clock-skewed',
          `the run ${run.run} has no time that can be (${run.startedAt}); it does not count`,
        ),
      )
      return false
    }
    if (startMs > nowMs + skewMs || endMs > nowMs + skewMs) {
      const ahead = spanText(endMs - nowMs)
      notes.push(
        note(
          'from-the-future',
          `the run ${run.run} ends ${ahead} after this decision (${view.now}); it does not count`,
        ),
      )
      return false
    }
    if (endMs > nowMs)
      notes.push(
        note(
          'clock-skewed',
          `the clock of the run ${run.run} is ahead of this decision's, by less than the ${spanText(skewMs)} that the policy admits`,
        ),
      )
    return true
  })
  return {
    runs: usable.toSorted((a, b) => compare(a.startedAt, b.startedAt) || compare(a.run, b.run)),
    notes,
  }
}

/** The runs of the image that is promoted now; an image is no baseline of itself. */
export function promotedRuns({ baseline, images }: Pick<DecisionView, 'baseline' | 'images'>): UsableRuns {
  const { once, notes } = withoutDuplicates(baseline)
  const own = once.filter(({ image }) => images.includes(image.digest))
  return {
    runs: once
      .filter(({ image }) => !images.includes(image.digest))
      .toSorted((a, b) => compare(a.startedAt, b.startedAt) || compare(a.run, b.run)),
    notes: [
      ...notes,
      ...own.map(({ run }) =>
        note('no-baseline', `the run ${run} tested the image that is to be promoted; it is no baseline`),
      ),
    ],
  }
}

/** The same run twice counts once; two records of a run that differ count not at all. */
function withoutDuplicates(runs: readonly GateRun[]): {
  readonly once: readonly GateRun[]
  readonly notes: readonly DecisionNote[]
} {
  const byRun = Map.groupBy(runs, ({ run }) => run)
  const notes: DecisionNote[] = []
  const once = [...byRun].flatMap(([id, [first, ...others]]): readonly GateRun[] => {
    if (first === undefined || others.length === 0) return first === undefined ? [] : [first]
    const text = contentOf(first)
    if (others.every((other) => contentOf(other) === text)) {
      notes.push(note('duplicate', `the run ${id} was given ${others.length + 1} times; it counts once`))
      return [first]
    }
    notes.push(note('conflict', `records of the run ${id} differ from each other; none of them counts`))
    return []
  })
  return { once, notes }
}

/** A run may be in files of its own and in merged ones. */
function contentOf(run: GateRun): string {
  return JSON.stringify({ ...run, sha256: '' })
}

function note(code: string, message: string): DecisionNote {
  return { code, message }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
