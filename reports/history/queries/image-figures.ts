// What tests took and measured on an image: means, to be compared with those on another.

import type { History } from '../open-history.ts'
import { imageIds } from './runs.ts'

export interface ImageFigure {
  readonly test: string
  readonly target: string
  /** Of the metric; `duration` for how long the attempts took that passed. */
  readonly name: string
  readonly unit: string
  readonly mean: number
  readonly count: number
}

/** By test, target and figure. Images are named as in `RunFilter.image`. */
export async function imageFigures(history: History, image: string): Promise<readonly ImageFigure[]> {
  const ids = await imageIds(history, image)
  if (ids.length === 0) return []
  const durations = await history.db
    .selectFrom('runs')
    .innerJoin('attempts', 'attempts.run_id', 'runs.id')
    .innerJoin('tests', 'tests.id', 'attempts.test_id')
    .innerJoin('cells', 'cells.id', 'attempts.cell_id')
    .select(({ fn }) => [
      'tests.name as test',
      'cells.target',
      fn.avg<number>('attempts.duration_ms').as('mean'),
      fn.countAll<number>().as('count'),
    ])
    .where('runs.image_id', 'in', ids)
    .where('attempts.outcome', '=', 'passed')
    .where('attempts.counted', '=', 1)
    .groupBy(['tests.name', 'cells.target'])
    .execute()
  const metrics = await history.db
    .selectFrom('runs')
    .innerJoin('metrics', 'metrics.run_id', 'runs.id')
    .innerJoin('tests', 'tests.id', 'metrics.test_id')
    .innerJoin('cells', 'cells.id', 'metrics.cell_id')
    .select(({ fn }) => [
      'tests.name as test',
      'cells.target',
      'metrics.name',
      'metrics.unit',
      fn.avg<number>('metrics.value').as('mean'),
      fn.countAll<number>().as('count'),
    ])
    .where('runs.image_id', 'in', ids)
    .groupBy(['tests.name', 'cells.target', 'metrics.name', 'metrics.unit'])
    .execute()
  return [...durations.map((row) => ({ ...row, name: 'duration', unit: 'ms' })), ...metrics]
}
