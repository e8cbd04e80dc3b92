// `signalbox report show|merge`: reports of earlier runs, made anew from their events.

import { createWriteStream } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  eventLines,
  EVENT_FILE,
  isReportFormat,
  mergePaths,
  readSummary,
  reportFormats,
  summarize,
  terminalOf,
  type TextOptions,
  writeReports,
} from '../../../reports/index.ts'
import { codeOf, messageOf, UsageError } from '../../errors.ts'
import type { SignalboxEvent } from '../../events.ts'
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
  const { summary, notices } = await readSummary(folder)
  process.stdout.write(reportFormats[format](summary, screenOptions()))
  for (const { message } of notices) process.stderr.write(`warning: ${message}\n`)
  return summary.exitCode
}

/** The action of `report merge <folder...>`. */
export async function reportMerge(flags: Flags, positional: readonly unknown[]): Promise<number> {
  const { output } = flags as { output: string }
  const folders = positional[0] as readonly string[]
  const { events, notices } = await mergePaths(folders, { output })
  const summary = summarize(events, { notices })
  await writeEvents(output, events)
  const written = await writeReports(output, summary)
  process.stdout.write(reportFormats.list(summary, screenOptions()))
  process.stdout.write(`\nReports: ${written.files.join('\n         ')}\n`)
  for (const { message } of written.notices) process.stderr.write(`warning: ${message}\n`)
  return summary.exitCode
}

/** Line by line: a year of runs is too long for one string. */
async function writeEvents(folder: string, events: readonly SignalboxEvent[]): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    const fresh = join(folder, `${EVENT_FILE}.new`)
    await pipeline(Readable.from(eventLines(events)), createWriteStream(fresh))
    await rename(fresh, join(folder, EVENT_FILE))
  } catch (error) {
    throw new UsageError(
      `the merged run cannot be written to ${folder}: ${codeOf(error) ?? messageOf(error)}`,
      {
        code: 'output-not-writable',
        hint: 'choose another folder with --output',
      },
    )
  }
}

function screenOptions(): TextOptions {
  const { colors, unicode } = terminalOf(process.stdout, process.env)
  return { colors, unicode, ...(process.stdout.isTTY ? { width: process.stdout.columns } : {}) }
}
