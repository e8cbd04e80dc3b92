// `signalbox report show|merge`: reports of earlier runs, made anew from their events.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  eventLines,
  EVENT_FILE,
  isReportFormat,
  mergePaths,
  reportFormats,
  summarize,
  terminalOf,
  type TextOptions,
  writeReports,
} from '../../../reports/index.ts'
import { UsageError } from '../../errors.ts'
import { didYouMean } from '../../nearest.ts'
import { latestRun } from '../run-folder.ts'

type Flags = Readonly<Record<string, unknown>>

/** The action of `report show [folder]`; exits as the run it shows did. */
export async function reportShow(flags: Flags, positional: readonly unknown[]): Promise<number> {
  const { format, output } = flags as { format: string; output: string }
  if (!isReportFormat(format)) {
    throw new UsageError(`unknown report format "${format}"`, {
      code: 'unknown-format',
      hint: didYouMean(format, Object.keys(reportFormats)),
    })
  }
  const folder = (positional[0] as string | undefined) ?? (await latestRun(output))
  const { events, notices } = await mergePaths([folder])
  const summary = summarize(events)
  process.stdout.write(reportFormats[format](summary, screenOptions()))
  for (const { message } of notices) process.stderr.write(`warning: ${message}\n`)
  return summary.exitCode
}

/** The action of `report merge <folder...>`. */
export async function reportMerge(flags: Flags, positional: readonly unknown[]): Promise<number> {
  const { output } = flags as { output: string }
  const folders = positional[0] as readonly string[]
  const { events, notices } = await mergePaths(folders)
  const summary = summarize(events)
  await mkdir(output, { recursive: true })
  await writeFile(join(output, EVENT_FILE), [...eventLines(events)].join(''))
  const written = await writeReports(output, summary)
  process.stdout.write(reportFormats.list(summary, screenOptions()))
  process.stdout.write(`\nReports: ${written.files.join('\n         ')}\n`)
  for (const { message } of [...notices, ...written.notices]) process.stderr.write(`warning: ${message}\n`)
  return summary.exitCode
}

function screenOptions(): TextOptions {
  const { colors, unicode } = terminalOf(process.stdout, process.env)
  return { colors, unicode, ...(process.stdout.isTTY ? { width: process.stdout.columns } : {}) }
}
