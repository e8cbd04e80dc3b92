// Checks the reporters of a config.

import { dirname, resolve } from 'node:path'
import type { FileFormat } from '../../../reports/index.ts'
import type { ReportName } from '../../config/config.ts'
import { didYouMean } from '../../nearest.ts'
import { isObject, onlyKeys, wrongValue } from './complaints.ts'

export type CheckedReporter =
  /** The list on the terminal, a file in the run's folder for all others; or the file that is named (absolute). */
  | { readonly kind: 'format'; readonly format: FileFormat; readonly file: string | undefined }
  /** `module` is absolute. */
  | { readonly kind: 'module'; readonly module: string; readonly options: unknown }

// A format that reports/ has and the types of the config do not, or the other way round, does not compile.
const formats: Readonly<Record<ReportName, FileFormat>> & Readonly<Record<FileFormat, ReportName>> = {
  list: 'list',
  tap: 'tap',
  junit: 'junit',
  json: 'json',
  ctrf: 'ctrf',
  markdown: 'markdown',
  html: 'html',
  github: 'github',
}

/** Undefined where the config says nothing. */
export function checkReporters(path: string, reporters: unknown): readonly CheckedReporter[] | undefined {
  if (reporters === undefined) return undefined
  if (!Array.isArray(reporters)) throw wrongValue(path, '"reporters"', reporters, 'a list')
  return reporters.map((reporter: unknown, index) => checkReporter(path, `reporters[${index}]`, reporter))
}

function checkReporter(path: string, at: string, reporter: unknown): CheckedReporter {
  const folder = dirname(path)
  if (typeof reporter === 'string')
    return { kind: 'format', format: checkFormat(path, at, reporter), file: undefined }
  const expected = 'a format, { format, file } or { module }'
  if (!isObject(reporter)) throw wrongValue(path, `"${at}"`, reporter, expected)
  if ('module' in reporter) {
    onlyKeys(path, `${at}.`, reporter, ['module', 'options'])
    const { module, options } = reporter
    if (typeof module !== 'string' || module === '')
      throw wrongValue(path, `"${at}.module"`, module, 'the path of a module')
    return { kind: 'module', module: resolve(folder, module), options }
  }
  onlyKeys(path, `${at}.`, reporter, ['format', 'file', 'module'])
  const { format, file } = reporter
  if (typeof file !== 'string' || file === '') throw wrongValue(path, `"${at}.file"`, file, 'a path')
  return { kind: 'format', format: checkFormat(path, `${at}.format`, format), file: resolve(folder, file) }
}

function checkFormat(path: string, at: string, format: unknown): FileFormat {
  const known = Object.keys(formats)
  const found = Object.values(formats).find((name) => name === format)
  if (found !== undefined) return found
  const hint = typeof format === 'string' ? didYouMean(format, known) : undefined
  throw wrongValue(path, `"${at}"`, format, `one of ${known.join(', ')}`, hint)
}
