// Two images side by side: what is red on the later and was not on the earlier one.

import type { History } from '../open-history.ts'
import { type CellComparison, type CellVerdicts, compareCells, judging } from './compare-cells.ts'
import { imageIds } from './runs.ts'

/**
 * Compares by test and target; of several verdicts on one image the latest that judged it counts (infra, skipped and
 * missing judge nothing). Undefined when an image is not known. Images are named as in `RunFilter.image`.
 */
export async function compareImages(
  history: History,
  before: string,
  after: string,
): Promise<CellComparison | undefined> {
  const [ids, laterIds] = [await imageIds(history, before), await imageIds(history, after)]
  if (ids.length === 0 || laterIds.length === 0) return undefined
  return compareCells(await latestVerdicts(history, ids), await latestVerdicts(history, laterIds))
}

async function latestVerdicts(history: History, images: readonly number[]): Promise<CellVerdicts> {
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
