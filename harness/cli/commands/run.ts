// `signalbox run`: select, run, report.

import {
  jobAnnotations,
  markdownText,
  type Summary,
  createListReporter,
  guardReporter,
  reportFormats,
  summarize,
  type ListReporter,
  writeJobSummary,
} from '../../../reports/index.ts'
import { join } from 'node:path'
import type { Debugging } from '../../debugging/debugging.ts'
import { InfraError } from '../../errors.ts'
import { openEventLog } from '../../event-log.ts'
import type { SignalboxEvent } from '../../events.ts'
import { prepareRun, type PreparedRun } from '../../run.ts'
import { openSharedRun, type SharedRun } from '../../shared-run.ts'
import { leftLines, readDebugFlags, startDebugging, type DebugPlan } from '../debug-flags.ts'
import { chooseReports } from '../chosen-reports.ts'
import type { CheckedReporter } from '../config/check-reporters.ts'
import { findBaselines } from '../find-baselines.ts'
import { startServices } from '../../services/start-services.ts'
import type { ServiceSpec } from '../../services/service.ts'
import { leftOutText, nothingToDo, openCells, runCells, type CellRun } from '../cells.ts'
import { loadChosen, type Remark } from '../choose-tests.ts'
import type { ChosenTarget, Settings } from '../config/settings.ts'
import { listenForInterrupts } from '../interrupt.ts'
import type { RunFlags } from '../option-table.ts'
import { preparePayloads } from '../payload-source.ts'
import { openTarget, planningOf, type OpenedTarget } from '../open-target.ts'
import { rerunOptions } from '../rerun-options.ts'
import { retryPolicyOf } from '../retry-flags.ts'
import { makeRunFolder, type RunFolder } from '../run-folder.ts'
import { iterationOf, type Iteration } from '../watch/iteration.ts'

const withoutRetries = { retries: 0, infraRetries: 0, retryIsolated: false } as const

/** The action of `run [glob...]`. */
export async function run(
  flags: Readonly<Record<string, unknown>>,
  positional: readonly unknown[],
  settings: Settings,
): Promise<number> {
  const globs = (positional[0] as readonly string[] | undefined) ?? []
  if (flags['list'] === true) return await (await import('./list.ts')).list(flags, positional, settings)
  if (flags['plan'] === true) return await (await import('./plan.ts')).plan(flags, positional, settings)
  const iteration = flags['watch'] === true ? iterationOf() : undefined
  if (flags['watch'] === true && iteration === undefined) {
    const { requireWatchable, watchAndRun } = await import('../watch/watch.ts')
    requireWatchable(flags, { stdin: process.stdin, stdout: process.stdout, env: process.env })
    return await watchAndRun(process.argv.slice(2))
  }
  const { config } = settings
  const around = {
    services: config?.services ?? [],
    reporters: config?.reporters,
    iteration,
    options: rerunOptions(settings),
  }
  return (await runTests(flags as unknown as RunFlags, globs, settings.targets(), around)).exitCode
}

export interface FinishedRun {
  readonly exitCode: number
  /** Undefined when there was nothing to run. */
  readonly folder: string | undefined
  readonly summary?: Summary
}

/** What the config puts around a run. */
interface Around {
  readonly services: readonly ServiceSpec[]
  readonly reporters: readonly CheckedReporter[] | undefined
  /** One of many under --watch. */
  readonly iteration: Iteration | undefined
  /** What was given on the command line, for a rerun. */
  readonly options?: readonly string[]
  /** A command that runs tests and says itself what they came to: it is told of the folder, and has the standard output. */
  readonly nightly?: { readonly onFolder: (folder: RunFolder) => Promise<void> }
}

/** Runs tests as the flags say, on each of the targets; also used by `start`. */
export async function runTests(
  flags: RunFlags,
  globs: readonly string[],
  targets: readonly ChosenTarget[] = [theOnly(flags)],
  around: Around = { services: [], reporters: undefined, iteration: undefined },
): Promise<FinishedRun> {
  const { maxFailures } = retryPolicyOf(flags)
  using interrupts = listenForInterrupts()
  const { signal } = interrupts
  const debug = readDebugFlags(flags, { stdin: process.stdin, stdout: process.stdout, env: process.env })
  const { iteration } = around
  iteration?.onAlone(() => {
    if (!signal.aborted) process.kill(process.pid, 'SIGTERM')
  })
  const { choose } = await loadChosen(flags, globs, iteration)
  const { cells, leftOut } = await openCells(
    targets,
    async (target) => await openTarget(target, choose, signal),
  )
  const leftOutRemarks = leftOut.map((each): Remark => ({
    level: 'info',
    code: 'target-left-out',
    message: leftOutText(each),
  }))
  // Said once, by the first target that runs.
  const first = cells.find((cell) => cell.kind === 'open')?.opened
  const nothing = nothingToDo(cells)
  const { nightly } = around
  const screen = flags.json || nightly !== undefined ? process.stderr : process.stdout
  if (nothing !== undefined) {
    screen.write(`${nothing}\n`)
    return { exitCode: 0, folder: undefined }
  }
  const folder = await makeRunFolder(flags.output)
  await nightly?.onFolder(folder)

  const events: SignalboxEvent[] = []
  const notices: string[] = []
  const tell = (message: string): void => void notices.push(message)
  const reports = await chooseReports(around.reporters, folder.path, tell)
  await using services = await startServices({
    specs: around.services,
    folder: join(folder.path, 'services'),
    signal,
    onNotice: tell,
  })
  const onScreen = reports.list
    ? createListReporter({ stream: screen, env: process.env })
    : silentReporter(screen)
  const list = guardReporter('list', onScreen, (notice) => tell(notice.message))
  const debugging = startDebugging(debug, onScreen, interrupts)
  const diskFull = new AbortController()
  using log = openEventLog({
    run: folder.run,
    folder: folder.path,
    readers: [{ onEvent: (event) => void events.push(event) }, list, ...reports.custom],
    onWriteError: (message, code) => {
      notices.push(`events of this run can no longer be saved in ${folder.path}: ${message}`)
      if (code === 'ENOSPC') diskFull.abort(resultsFull(folder.path))
    },
    onReaderError: tell,
  })
  const ended = AbortSignal.any([signal, diskFull.signal, services.died])
  const command = commandLine(process.argv.slice(2), globs)
  const shared = openSharedRun({ maxFailures, signal: ended })
  let exitCode: number
  try {
    exitCode = await runCells({
      cells,
      command,
      ...(around.options === undefined ? {} : { options: around.options }),
      emitFor: (cell) => (cell === undefined ? log.emit : log.emitFor(`${folder.run}.${cell}`)),
      signal: ended,
      prepare: async (opened, cell) =>
        await prepareTarget(opened === first ? withRemarks(opened, leftOutRemarks) : opened, cell, {
          folder: folder.path,
          command,
          options: around.options,
          debug,
          debugging,
          shared,
          signal: ended,
        }),
    })
  } finally {
    list.end()
    await reports.endCustom()
  }
  await services[Symbol.asyncDispose]()
  const summary = summarize(events)
  const judged = summary.runs.flatMap(({ tests }) =>
    tests.map(({ test, verdict }) => [test, verdict] as const),
  )
  await iteration?.tell({ kind: 'judged', verdicts: judged })
  const baselines = await findBaselines(folder.path, summary)
  const written = await reports.write({ summary, events, folder: folder.path, baselines })
  const ofJob = nightly === undefined ? await writeJobSummary(markdownText(summary), process.env) : []
  notices.push(...[...written.notices, ...ofJob].map(({ message }) => message))
  process.stderr.write(jobAnnotations(summary, process.env))
  if (flags.json && nightly === undefined) process.stdout.write(reportFormats.json(summary))
  else if (reports.list) {
    const files = written.files.length === 0 ? '' : `Reports: ${written.files.join('\n         ')}\n`
    screen.write(`\n${files}Events:  ${folder.path}/events.jsonl\n`)
  }
  for (const line of leftLines(debugging)) screen.write(`${line}\n`)
  for (const notice of notices) process.stderr.write(`warning: ${notice}\n`)
  return { exitCode: diskFull.signal.aborted ? 3 : exitCode, folder: folder.path, summary }
}

/** What all targets of a run have in common. */
interface WholeRun {
  readonly folder: string
  readonly command: readonly string[]
  readonly options: readonly string[] | undefined
  readonly debug: DebugPlan
  readonly debugging: Debugging
  readonly shared: SharedRun
  readonly signal: AbortSignal
}

function withRemarks(opened: OpenedTarget, remarks: readonly Remark[]): OpenedTarget {
  return { ...opened, remarks: [...remarks, ...opened.remarks] }
}

async function prepareTarget(opened: OpenedTarget, cell: CellRun, all: WholeRun): Promise<PreparedRun> {
  const { flags, policy, image, selection } = opened
  const payloads = await preparePayloads(image, selection, flags, all.signal)
  const { oneJob } = all.debug
  return await prepareRun({
    ...cell,
    ...opened,
    runFolder: all.folder,
    command: all.command,
    options: all.options,
    ...policy,
    ...(oneJob ? withoutRetries : {}),
    shared: all.shared,
    payloads,
    debugging: all.debugging,
    updateSnapshots: flags.updateSnapshots === true ? 'changed' : (flags.updateSnapshots ?? 'missing'),
    noTimeouts: oneJob,
    failOnFlaky: flags.failOnFlaky,
    bootTimeoutMs: flags.bootTimeout === undefined ? undefined : flags.bootTimeout * 1000,
    ...planningOf(opened, all.debug, all.signal),
  })
}

/** As it was typed, so that it can be typed again; another command that runs tests runs them without options. */
function commandLine(args: readonly string[], globs: readonly string[]): readonly string[] {
  if (args[0] !== 'run') return ['signalbox', 'run', ...globs]
  // Records are shown to others: a password in an address is not.
  return ['signalbox', ...args.map((word) => word.replace(/(:\/\/[^/@:\s]*):[^/@\s]*@/, '$1:***@'))]
}

function theOnly(flags: RunFlags): ChosenTarget {
  return { name: undefined, flags: { ...flags }, excludeTags: [], slowness: undefined }
}

/** In place of the list: shows nothing of its own. */
function silentReporter(screen: NodeJS.WriteStream): ListReporter {
  const nothing = (): void => undefined
  const print = (lines: readonly string[]): void =>
    void screen.write(lines.map((line) => `${line}\n`).join(''))
  return { onEvent: nothing, end: nothing, print, pause: nothing, resume: nothing }
}

function resultsFull(folder: string): InfraError {
  return new InfraError(`no space left for results in ${folder}`, { code: 'results-full' })
}
