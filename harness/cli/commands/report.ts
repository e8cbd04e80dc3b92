// `signalbox report show|merge`: reports of earlier runs, made anew from their events.

import { createWriteStream } from 'node:fs'
import { mkdir, readFile, realpath, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  eventLines,
  EVENT_FILE,
  type HtmlInput,
  isReportFormat,
  mergePaths,
  readSummary,
  reportFormats,
  reportText,
  summarize,
  terminalOf,
  type TextOptions,
  writeReportFiles,
  writeReports,
} from '../../../reports/index.ts'
import { codeOf, messageOf, UsageError } from '../../errors.ts'
import type { SignalboxEvent } from '../../events.ts'
import { didYouMean } from '../../nearest.ts'
import { baselinesFrom, findBaselines } from '../find-baselines.ts'
import { latestRun } from '../run-folder.ts'

type Flags = Readonly<Record<string, unknown>>

/** The action of `report show [folder]`; exits as the run it shows did. */
export async function reportShow(flags: Flags, positional: readonly unknown[]): Promise<number> {
  const { format, output } = flags as { format: string; output: string }
  if (!isReportFormat(format) && format !== 'html') {
    throw new UsageError(`unknown report format "${format}"`, {
      code: 'unknown-format',
      hint: didYouMean(format, [...Object.keys(reportFormats), 'html']),
    })
  }
  const folder = (positional[0] as string | undefined) ?? (await latestRun(output))
  if (format === 'html') return await showHtml(folder, flags)
  const { summary, notices } = await readSummary(folder)
  process.stdout.write(reportFormats[format](summary, screenOptions()))
  for (const { message } of notices) process.stderr.write(`warning: ${message}\n`)
  return summary.exitCode
}

/** A page is nothing for a terminal: there it is written beside the run, and its place said. */
async function showHtml(folder: string, flags: Flags): Promise<number> {
  const { baseline } = flags as { baseline?: string }
  const { events, notices } = await mergePaths([folder])
  const summary = summarize(events)
  const input = { summary, events, folder: await folderOf(folder), ...(await decisionOf(flags)) }
  const baselines =
    baseline === undefined
      ? await findBaselines(await realpath(folder), input.summary)
      : await baselinesFrom(baseline, input.summary)
  for (const { message } of notices) process.stderr.write(`warning: ${message}\n`)
  if (!process.stdout.isTTY) {
    process.stdout.write(await reportText('html', { ...input, baselines }))
    return summary.exitCode
  }
  const path = join(input.folder, 'report.html')
  const written = await writeReportFiles([{ path, format: 'html' }], { ...input, baselines })
  for (const file of written.files) process.stdout.write(`${file}\n`)
  for (const { message } of written.notices) process.stderr.write(`warning: ${message}\n`)
  return summary.exitCode
}

/** The decision that stands on top, if one was named: its file, or the folder of its evidence. */
async function decisionOf(flags: Flags): Promise<Pick<HtmlInput, 'decision'>> {
  const { decision } = flags as { decision?: string }
  if (decision === undefined) return {}
  const { DECISION_FILE, parseDecision } = await import('../../../reports/gate/index.ts')
  try {
    const isFolder = (await stat(decision)).isDirectory()
    const text = await readFile(isFolder ? join(decision, DECISION_FILE) : decision, 'utf8')
    return { decision: parseDecision(text, decision) }
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`the decision ${decision} cannot be read: ${messageOf(error)}`, {
      code: 'decision-not-readable',
      hint: 'name a decision.json, or the folder that "signalbox gate decide" has written',
    })
  }
}

/** The folder of what was named, which may be an event file. */
async function folderOf(path: string): Promise<string> {
  return (await stat(path)).isDirectory() ? path : dirname(path)
}

/** The action of `report merge <folder...>`. */
export async function reportMerge(flags: Flags, positional: readonly unknown[]): Promise<number> {
  const { output } = flags as { output: string }
  const folders = positional[0] as readonly string[]
  const { events, notices } = await mergePaths(folders, { output })
  const summary = summarize(events, { notices })
  await writeEvents(output, events)
  const written = await writeReports(output, {
    summary,
    events,
    folder: output,
    ...(await decisionOf(flags)),
  })
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
