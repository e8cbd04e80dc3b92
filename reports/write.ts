// Writes the file reports into a run's folder, each atomically. A report that cannot be written is a notice that names
// the file; the others are still written, and the run's verdict stands.

import { appendFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { codeOf, messageOf } from '../harness/errors.ts'
import { githubText } from './github.ts'
import { type HtmlInput, htmlText } from './html/index.ts'
import type { Notice, Summary } from './run-summary.ts'
import { type ReportFormat, reportFormats } from './show.ts'
import type { Environment } from './terminal.ts'

/** The usual files of a run's folder and their formats. */
export const reportFiles: readonly { readonly file: string; readonly format: FileFormat }[] = [
  { file: 'run.json', format: 'json' },
  { file: 'junit.xml', format: 'junit' },
  { file: 'results.tap', format: 'tap' },
  { file: 'summary.md', format: 'markdown' },
  { file: 'report.html', format: 'html' },
]

/** A format that a file can have; the HTML report is made of more than the summary. */
export type FileFormat = ReportFormat | 'html'

/** Where the formats go that are written only where a config asks for them. */
export const otherReportFiles: typeof reportFiles = [
  { file: 'ctrf.json', format: 'ctrf' },
  { file: 'annotations.txt', format: 'github' },
]

export interface WrittenReports {
  /** Paths of the files that are there now. */
  readonly files: readonly string[]
  /** What could not be written, and why. */
  readonly notices: readonly Notice[]
}

export interface ReportFile {
  readonly path: string
  readonly format: FileFormat
}

/** What reports are written from. */
export type ReportInput = HtmlInput & {
  /** In place of the usual writers. */
  readonly formats?: typeof reportFormats
}

/** Writes all file reports into a run's folder. Never throws. */
export async function writeReports(folder: string, input: ReportInput): Promise<WrittenReports> {
  return await writeReportFiles(
    reportFiles.map(({ file, format }) => ({ path: join(folder, file), format })),
    input,
  )
}

/** Writes reports where each is wanted. Never throws. */
export async function writeReportFiles(
  wanted: readonly ReportFile[],
  input: ReportInput,
): Promise<WrittenReports> {
  const files: string[] = []
  const notices: Notice[] = []
  for (const { path, format } of wanted) {
    const text = await attempt(() => reportText(format, input))
    const failure = 'error' in text ? text : await writeAtomically(path, text.value)
    if (failure === undefined) files.push(path)
    else
      notices.push(notWritten(path, failure.error, 'error' in text ? 'report-failed' : 'report-not-written'))
  }
  return { files, notices }
}

/** One report as text. */
export async function reportText(format: FileFormat, input: ReportInput): Promise<string> {
  const { formats = reportFormats } = input
  return format === 'html' ? await htmlText(input) : formats[format](input.summary)
}

/** Appends Markdown to the file that GitHub names in `GITHUB_STEP_SUMMARY`; elsewhere does nothing. Never throws. */
export async function writeJobSummary(markdown: string, env: Environment): Promise<readonly Notice[]> {
  const path = env['GITHUB_STEP_SUMMARY']
  if (path === undefined || path === '') return []
  try {
    await appendFile(path, `${markdown}\n`)
    return []
  } catch (error) {
    return [notWritten(path, error, 'report-not-written')]
  }
}

/** Annotations for GitHub's runner, which reads them from what a step prints; elsewhere nothing. */
export function jobAnnotations(summary: Summary, env: Environment): string {
  return env['GITHUB_ACTIONS'] === 'true' ? githubText(summary) : ''
}

interface Failed {
  readonly error: unknown
}

async function attempt(format: () => Promise<string>): Promise<{ readonly value: string } | Failed> {
  try {
    return { value: await format() }
  } catch (error) {
    return { error }
  }
}

/** A reader sees the old file or the new one, never half of one. */
async function writeAtomically(path: string, text: string): Promise<Failed | undefined> {
  const partial = `${path}.partial`
  try {
    await writeFile(partial, text)
    await rename(partial, path)
    return undefined
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined)
    return { error }
  }
}

function notWritten(path: string, error: unknown, code: string): Notice {
  const full = codeOf(error) === 'ENOSPC'
  const why = full
    ? 'no space left on the disk; free some, then run `signalbox report show`'
    : messageOf(error)
  return { level: 'warning', code, message: `report ${path} was not written: ${why}` }
}
