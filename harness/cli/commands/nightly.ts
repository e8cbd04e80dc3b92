// `signalbox nightly`: the matrix, taken into the history and compared with the nightly before. Its standard output is the
// Markdown summary alone; what happens meanwhile is told on standard error.

import { existsSync } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  compareNightlies,
  defaultHistory,
  historyPlace,
  lastNightly,
  type Nightly,
  type NightlyComparison,
  shownPlace,
  type Slower,
  slowerThanRecorded,
} from '../../../reports/history/index.ts'
import { nightlyText, writeJobSummary } from '../../../reports/index.ts'
import { codeOf, messageOf, UsageError } from '../../errors.ts'
import type { Settings } from '../config/settings.ts'
import { importPaths } from '../import-paths.ts'
import { beginNightly, type ClaimedNightly } from '../nightly-claim.ts'
import type { RunFlags } from '../option-table.ts'
import { rerunOptions } from '../rerun-options.ts'
import { withHistory } from '../with-history.ts'
import { runTests, type FinishedRun } from './run.ts'

type Flags = RunFlags & {
  readonly history?: string
  readonly name?: string
  readonly summary?: string
  readonly dryRun: boolean
}

/** How far back durations make a range. */
const RECORDED_MS = 30 * 24 * 3_600_000

/** The action of `nightly [glob...]`. */
export async function nightly(
  given: Readonly<Record<string, unknown>>,
  positional: readonly unknown[],
  settings: Settings,
): Promise<number> {
  const flags = given as unknown as Flags
  const { config } = settings
  const name = flags.name ?? config?.path ?? 'no config'
  const targets = settings.targets(['*'])
  if (flags.dryRun) return await dryRun(given, positional, { ...settings, targets: () => targets }, name)
  if (flags.summary !== undefined) await requireWritable(flags.summary)
  const notices: string[] = []
  const warn = (message: string): void => void process.stderr.write(`warning: ${message}\n`)
  using claimed = await beginNightly(given, name, warn)
  notices.push(...(await takeInLost(given, claimed.lost)))
  for (const notice of notices) warn(notice)
  const globs = (positional[0] as readonly string[] | undefined) ?? []
  const around = {
    services: config?.services ?? [],
    reporters: config?.reporters,
    iteration: undefined,
    options: rerunOptions(settings),
    nightly: {
      onFolder: async ({ run, path }: { readonly run: string; readonly path: string }) =>
        await claimed.note({ run, folder: path }),
    },
  }
  let finished: FinishedRun
  try {
    finished = await runTests(flags, globs, targets, around)
  } catch (error) {
    await end(claimed, codeOf(error) === 'interrupted' ? 130 : error instanceof UsageError ? 2 : 3)
    throw error
  }
  const compared = await compare(given, name, claimed, finished)
  // What the history does not have is no proof of anything; a failure of the image is graver.
  const exitCode = compared.trouble !== undefined && finished.exitCode === 0 ? 3 : finished.exitCode
  if (compared.trouble !== undefined) notices.push(compared.trouble)
  await end(claimed, exitCode)
  const { before, comparison, slower } = compared
  const text = nightlyText({ summary: finished.summary, exitCode, before, comparison, slower, notices })
  await deliver(text, flags, finished)
  if (flags.json) {
    const { folder } = finished
    process.stdout.write(
      `${JSON.stringify({ folder: folder ?? null, exitCode, before: before ?? null, comparison: comparison ?? null, slower, notices }, undefined, 2)}\n`,
    )
  } else process.stdout.write(text)
  return exitCode
}

async function end(claimed: ClaimedNightly, exitCode: number): Promise<void> {
  await claimed.note({ ended: { atMs: Date.now(), exitCode } })
}

/** What killed ones have left is taken in, where it is on this host. */
async function takeInLost(
  flags: Readonly<Record<string, unknown>>,
  lost: readonly Nightly[],
): Promise<readonly string[]> {
  return await Promise.all(
    lost.map(async ({ atMs, host, folder }) => {
      const began = `the nightly that began at ${new Date(atMs).toISOString()} on ${host} did not end: it was killed, or its host went down`
      if (folder === undefined || !existsSync(folder)) return began
      const { results } = await withHistory(
        flags,
        async (history) => await importPaths(history, [folder], { replace: false }),
      )
      return `${began}; what it left in ${folder} is in the history (${results.length === 1 ? '1 run' : `${results.length} runs`})`
    }),
  )
}

interface Compared {
  readonly before: { readonly run: string; readonly atMs: number } | undefined
  readonly comparison: NightlyComparison | undefined
  readonly slower: readonly Slower[]
  /** Why the history does not know of it. */
  readonly trouble?: string
}

const nothingKnown: Compared = { before: undefined, comparison: undefined, slower: [] }

async function compare(
  flags: Readonly<Record<string, unknown>>,
  name: string,
  { id }: ClaimedNightly,
  { folder }: FinishedRun,
): Promise<Compared> {
  if (folder === undefined) return nothingKnown
  try {
    return await withHistory(flags, async (history) => {
      const { refused } = await importPaths(history, [folder], { replace: false })
      const [first] = refused
      if (first !== undefined) return { ...nothingKnown, trouble: `not in the history: ${first.message}` }
      const run = folder.split('/').at(-1) ?? ''
      const slower = await slowerThanRecorded(history, run, Date.now() - RECORDED_MS)
      const last = await lastNightly(history, name, id)
      if (last?.run === undefined) return { ...nothingKnown, slower }
      const comparison = await compareNightlies(history, last.run, run)
      return { before: { run: last.run, atMs: last.atMs }, comparison, slower }
    })
  } catch (error) {
    return { ...nothingKnown, trouble: `the history cannot be asked: ${messageOf(error)}` }
  }
}

async function deliver(text: string, flags: Flags, { folder }: FinishedRun): Promise<void> {
  const files = [flags.summary, folder === undefined ? undefined : join(folder, 'nightly.md')]
  for (const path of files) {
    if (path === undefined) continue
    await writeFile(path, text).catch((error: unknown) => {
      process.stderr.write(`warning: the summary ${path} was not written: ${messageOf(error)}\n`)
    })
  }
  for (const { message } of await writeJobSummary(text, process.env))
    process.stderr.write(`warning: ${message}\n`)
}

/** Hours of work are not to end with a file that cannot be written. */
async function requireWritable(path: string): Promise<void> {
  const folder = await stat(resolve(path, '..')).catch(() => undefined)
  if (folder?.isDirectory() === true && !(await stat(path).catch(() => undefined))?.isDirectory()) return
  throw new UsageError(`the summary cannot be written to ${path}`, {
    code: 'summary-not-writable',
    hint: 'give a file in a folder that is there',
  })
}

/** Starts and changes nothing: the plan, and what it would be compared with. */
async function dryRun(
  flags: Readonly<Record<string, unknown>>,
  positional: readonly unknown[],
  settings: Settings,
  name: string,
): Promise<number> {
  const exitCode = await (await import('./plan.ts')).plan(flags, positional, settings)
  if (flags['json'] === true) return exitCode
  const place = historyPlace((flags as { history?: string }).history ?? defaultHistory())
  const isThere = place.kind === 'postgres' || existsSync(place.path)
  const last = isThere
    ? await withHistory(flags, async (history) => await lastNightly(history, name))
    : undefined
  const compared =
    last === undefined
      ? 'nothing: no nightly of this config has ended yet'
      : `that of ${new Date(last.atMs).toISOString()} (${last.run})`
  process.stdout.write(`\n  history        ${shownPlace(place)}\n  compared with  ${compared}\n`)
  return exitCode
}
