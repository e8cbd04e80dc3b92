// `signalbox run`: select, run, report.

import {
  createListReporter,
  guardReporter,
  reportFormats,
  summarize,
  writeJobSummary,
  writeReports,
} from '../../../reports/index.ts'
import { loadPlatform } from '../../../platforms/index.ts'
import { openEventLog } from '../../event-log.ts'
import type { SignalboxEvent } from '../../events.ts'
import { distroProfiles } from '../../profiles/index.ts'
import { executeRun, requireSomething, type RunResult } from '../../run.ts'
import { loadChosen } from '../choose-tests.ts'
import { keptLines, readDebugFlags, startDebugging } from '../debug-flags.ts'
import { listenForInterrupts } from '../interrupt.ts'
import type { RunFlags } from '../option-table.ts'
import { resolveImage, targetOf } from '../resolve-image.ts'
import { retryPolicyOf } from '../retry-flags.ts'
import { makeRunFolder } from '../run-folder.ts'

/** Share of the forked tests that are also booted in CI, unless told otherwise. */
const CI_AUDIT = 0.05

const withoutRetries = { retries: 0, infraRetries: 0, retryIsolated: false } as const

/** The action of `run [glob...]`. */
export async function run(
  flags: Readonly<Record<string, unknown>>,
  positional: readonly unknown[],
): Promise<number> {
  const globs = (positional[0] as readonly string[] | undefined) ?? []
  if (flags['list'] === true) return await (await import('./list.ts')).list(flags, positional)
  return (await runTests(flags as unknown as RunFlags, globs)).exitCode
}

export interface FinishedRun {
  readonly exitCode: number
  /** Undefined when there was nothing to run. */
  readonly folder: string | undefined
}

/** Runs tests as the flags say; also used by `start`. */
export async function runTests(flags: RunFlags, globs: readonly string[]): Promise<FinishedRun> {
  const policy = retryPolicyOf(flags)
  using interrupts = listenForInterrupts()
  const { signal } = interrupts
  const debug = readDebugFlags(flags, { stdin: process.stdin, stdout: process.stdout, env: process.env })
  const platform = await loadPlatform(flags.platform)
  const { choose } = await loadChosen(flags, globs)
  const image = await resolveImage(flags, signal)
  const target = targetOf(image.identity, image.firmwares, platform.name, flags)
  const { selection, remarks, nothing, shard, knownDurationMs } = await choose(target, signal)
  if (selection.length === 0 && nothing !== undefined) {
    for (const { message } of remarks) process.stderr.write(`${message}\n`)
    const screen = flags.json ? process.stderr : process.stdout
    screen.write(`${nothing}\n`)
    return { exitCode: 0, folder: undefined }
  }
  requireSomething(selection)
  const folder = await makeRunFolder(flags.output)

  const events: SignalboxEvent[] = []
  const screen = flags.json ? process.stderr : process.stdout
  const notices: string[] = []
  const onScreen = createListReporter({ stream: screen, env: process.env })
  const list = guardReporter('list', onScreen, (notice) => notices.push(notice.message))
  const debugging = startDebugging(debug, onScreen, interrupts)
  const diskFull = new AbortController()
  using log = openEventLog({
    run: folder.run,
    folder: folder.path,
    readers: [{ onEvent: (event) => void events.push(event) }, list],
    onWriteError: (message, code) => {
      notices.push(`events of this run can no longer be saved in ${folder.path}: ${message}`)
      if (code === 'ENOSPC') diskFull.abort(resultsFull(folder.path))
    },
    onReaderError: (message) => notices.push(message),
  })
  let result: RunResult | undefined
  try {
    result = await executeRun({
      emit: log.emit,
      runFolder: folder.path,
      command: ['signalbox', 'run', ...globs],
      platform,
      image,
      profile: distroProfiles[image.identity.distro],
      target,
      selection,
      remarks,
      shard,
      knownDurationMs,
      jobs: debug.oneJob ? 1 : flags.jobs,
      ...policy,
      ...(debug.oneJob ? withoutRetries : {}),
      debugging,
      noTimeouts: debug.oneJob,
      forks: flags.fork,
      auditForks: flags.auditFork ?? (process.env['CI'] && policy.repeat === undefined ? CI_AUDIT : 0),
      failOnFlaky: flags.failOnFlaky,
      bootTimeoutMs: flags.bootTimeout === undefined ? undefined : flags.bootTimeout * 1000,
      signal: AbortSignal.any([signal, diskFull.signal]),
    })
  } finally {
    list.end()
  }
  const summary = summarize(events)
  const written = await writeReports(folder.path, summary)
  notices.push(
    ...[...written.notices, ...(await writeJobSummary(summary, process.env))].map(({ message }) => message),
  )
  if (flags.json) process.stdout.write(reportFormats.json(summary))
  else screen.write(`\nReports: ${written.files.join('\n         ')}\nEvents:  ${folder.path}/events.jsonl\n`)
  for (const line of keptLines(debugging)) screen.write(`${line}\n`)
  for (const notice of notices) process.stderr.write(`warning: ${notice}\n`)
  const exitCode = diskFull.signal.aborted ? 3 : result.exitCode
  return { exitCode, folder: folder.path }
}

function resultsFull(folder: string): Error {
  return new Error(`no space left for results in ${folder}`)
}
