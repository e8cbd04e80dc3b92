// Checks the matrix of a config: axes that are known, values that stand in lists, exclusions that can exclude something.

import type { AxisKey } from '../../config/config.ts'
import { UsageError } from '../../errors.ts'
import { oneLine } from '../../hostile-text.ts'
import { didYouMean } from '../../nearest.ts'
import { isObject, unknownKey, wrongValue } from './complaints.ts'
import {
  axisKeys,
  expandMatrix,
  MOST_CELLS,
  type Matrix,
  type MatrixCell,
  type Values,
} from './expand-matrix.ts'

/** The cells of a matrix; none where there is no matrix. The values of a cell are checked by whoever reads targets. */
export function readMatrix(path: string, matrix: unknown, platform: string): readonly MatrixCell[] {
  if (matrix === undefined) return []
  if (!isObject(matrix)) throw wrongValue(path, '"matrix"', matrix, 'an object of axes and their values')
  const { exclude, include, ...axes } = matrix
  for (const [key, values] of Object.entries(axes)) {
    if (!isAxis(key))
      throw unknownKey(path, `matrix.${key}`, didYouMean(key, [...axisKeys, 'exclude', 'include']))
    if (!Array.isArray(values) || values.length === 0)
      throw wrongValue(path, `"matrix.${key}"`, values, 'a list of values; null for "not set"')
    const twice = values.find((value, index) => values.indexOf(value) !== index) as unknown
    if (twice !== undefined) throw wrongValue(path, `"matrix.${key}"`, values, 'a list without repetitions')
  }
  const checked = axes as Matrix['axes']
  const count = Object.values(checked).reduce((product, values) => product * values.length, 1)
  if (count > MOST_CELLS)
    throw new UsageError(`${path}: "matrix" has ${count} combinations; at most ${MOST_CELLS} are taken`, {
      code: 'config-matrix-too-big',
      hint: 'leave out values, or write the rare combinations under "include"',
    })
  const excluded = readEntries(path, 'exclude', exclude)
  for (const [index, entry] of excluded.entries())
    checkExclusion(path, `matrix.exclude.${index}`, entry, checked)
  const cells = expandMatrix(
    { axes: checked, exclude: excluded, include: readEntries(path, 'include', include) },
    platform,
  )
  if (cells.length > 0) return cells
  throw new UsageError(`${path}: "matrix" comes to no target at all`, {
    code: 'config-matrix-empty',
    hint: 'give axes and values, like architecture: ["x86_64", "arm64"], and exclude fewer of them',
  })
}

function readEntries(path: string, key: string, entries: unknown): readonly Values[] {
  if (entries === undefined) return []
  if (Array.isArray(entries) && entries.every((entry) => isObject(entry) && Object.keys(entry).length > 0))
    return entries as readonly Values[]
  throw wrongValue(path, `"matrix.${key}"`, entries, 'a list of objects with at least one value each')
}

/** One that can match nothing is a slip of the pen, and would leave in what should be out. */
function checkExclusion(path: string, at: string, entry: Values, axes: Matrix['axes']): void {
  for (const [key, value] of Object.entries(entry)) {
    const values = isAxis(key) ? axes[key] : undefined
    if (values === undefined)
      throw unknownKey(path, `${at}.${key}`, `the axes are: ${Object.keys(axes).join(', ')}`)
    if (!values.includes(value))
      throw wrongValue(
        path,
        `"${at}.${key}"`,
        value,
        `one of the axis: ${values.map((each) => oneLine(String(each), 40)).join(', ')}`,
      )
  }
}

function isAxis(key: string): key is AxisKey {
  return (axisKeys as readonly string[]).includes(key)
}
