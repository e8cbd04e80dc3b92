// Two images side by side: what is red on the later and was not on the earlier one.

import type { Verdict } from '../../../harness/model.ts'
import type { History } from '../open-history.ts'
import { imageIds } from './runs.ts'

export interface CellVerdict {
  readonly verdict: Verdict
  readonly run: string
  readonly fingerprint: string | undefined
}

export interface ComparedCell {
  readonly test: string
  readonly target: string
  readonly before: CellVerdict | undefined
  readonly after: CellVerdict | undefined
}

export interface ImageComparison {
  /** Failed on the later image; passed (perhaps flaky or with a known failure) on the earlier one. */
  readonly newlyRed: readonly ComparedCell[]
  /** Failed on the later image; never judged on the earlier one. */
  readonly redAndNew: readonly ComparedCell[]
  /** Failed on both, with the same fingerprint or another. */
  readonly stillRed: readonly ComparedCell[]
  /** Failed on the earlier image only. */
  readonly mended: readonly ComparedCell[]
  /** Judged on the earlier image, not on the later one. */
  readonly unjudged: readonly ComparedCell[]
}

const judging = ['passed', 'flaky', 'warned', 'failed'] as const

/**
 * Compares by test and target; of several verdicts on one image the latest that judged it counts (infra, skipped and
 * missing judge nothing). Undefined when an image is not known. Images are named as in `RunFilter.image`.
 */
export async function compareImages(
  history: History,
  before: string,
  after: string,
): Promise<ImageComparison | undefined> {
  const [ids, laterIds] = [await imageIds(history, before), await imageIds(history, after)]
  if (ids.length === 0 || laterIds.length === 0) return undefined
  const [earlier, later] = [await latestVerdicts(history, ids), await latestVerdicts(history, laterIds)]
  const cells = [...new Set([...earlier.keys(), ...later.keys()])].toSorted().map((key): ComparedCell => {
    const [target = '', test = ''] = key.split('\n')
    return { test, target, before: earlier.get(key), after: later.get(key) }
  })
  const isRed = (found: CellVerdict | undefined): boolean => found?.verdict === 'failed'
  const red = cells.filter((cell) => isRed(cell.after))
  return {
    newlyRed: red.filter((cell) => cell.before !== undefined && !isRed(cell.before)),
    redAndNew: red.filter((cell) => cell.before === undefined),
    stillRed: red.filter((cell) => isRed(cell.before)),
    mended: cells.filter((cell) => isRed(cell.before) && cell.after !== undefined && !isRed(cell.after)),
    unjudged: cells.filter((cell) => cell.before !== undefined && cell.after === undefined),
  }
}

async function latestVerdicts(
  history: History,
  images: readonly number[],
): Promise<ReadonlyMap<string, CellVerdict>> {
  const rows = await history.db
    .selectFrom('runs')
    .innerJoin('verdicts', 'verdicts.run_id', 'runs.id')
    .innerJoin('tests', 'tests.id', 'verdicts.test_id')
    .innerJoin('cells', 'cells.id', 'verdicts.cell_id')
    .leftJoin('fingerprints', 'fingerprints.id', 'verdicts.fingerprint_id')
    .select(['runs.run', 'tests.name', 'cells.target', 'verdicts.verdict', 'fingerprints.fingerprint'])
    .where('runs.image_id', 'in', images)
    .where('verdicts.verdict', 'in', [...judging])
    .orderBy('runs.at')
    .orderBy('runs.run')
    .execute()
  // In the order of time: a later one replaces an earlier one.
  return new Map(
    rows.map(({ run, name, target, verdict, fingerprint }) => [
      `${target}\n${name}`,
      { verdict, run, fingerprint: fingerprint ?? undefined },
    ]),
  )
}
