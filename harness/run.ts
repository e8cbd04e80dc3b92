// One run: open the stream and the platform, plan, schedule, record verdicts, close. Everything a report says comes from
// the events emitted here and below.

import { basename, join } from 'node:path'
import {
  defaultTimeouts,
  endlessTimeouts,
  openNotices,
  type RunEnvironment,
  type Timeouts,
} from './attempt/environment.ts'
import type { Debugging } from './debugging/debugging.ts'
import type { Emit, EventOf } from './events.ts'
import type { Verdict, VerdictCounts } from './model.ts'
import type { SharedRun } from './shared-run.ts'
import { planRun, readCandidates, type PlanningOptions } from './plan-run.ts'
import { requireAffordable } from './plan/cost-limit.ts'
import type { Shard } from './plan/shard.ts'
import type { RetryPolicy } from './retry-policy.ts'
import { runEnded, runStarted } from './run-ends.ts'
import { runPlan } from './run-plan.ts'
import type { UpdateMode } from './snapshot/index.ts'
import { loadSshKey } from './ssh/index.ts'
import { countVerdicts, exitCodeOf } from './verdict.ts'
import type { Payloads } from './update/index.ts'

export interface RunOptions extends RetryPolicy, Omit<PlanningOptions, 'onFailure' | 'repeat'> {
  readonly emit: Emit
  readonly runFolder: string
  readonly command: readonly string[]
  /** The options of the command line, for a rerun. */
  readonly options?: readonly string[] | undefined
  /** How the selection came about, for the reports. */
  readonly remarks: readonly Pick<EventOf<'run.notice'>, 'level' | 'code' | 'message'>[]
  /** Which part of the tests this run has, where others have the rest. */
  readonly shard: Shard | undefined
  /** Share of the forked tests, 0 to 1, that are also run on a cold boot. */
  readonly auditForks: number
  /** What the targets of the command share. */
  readonly shared: SharedRun
  /** Most to wait for a quiet host, in all, before isolated attempts. */
  readonly quietWaitMs: number
  readonly failOnFlaky: boolean
  /** The versions to update to that the selected tests name. */
  readonly payloads: Payloads | undefined
  readonly debugging: Debugging
  /** When golden files are written. */
  readonly updateSnapshots: UpdateMode
  /** Nothing runs out of time: a person looks on. */
  readonly noTimeouts: boolean
  /** Replaces the time a machine has to become ready, wall milliseconds. */
  readonly bootTimeoutMs: number | undefined
  /** The name of this target where the command runs several: part of paths and of the report. */
  readonly cell?: string | undefined
  /** Aborts with an InfraError: `interrupted` on Ctrl-C, another code for what ends the run and is nobody's wish. */
  readonly signal: AbortSignal
}

export interface RunResult {
  readonly verdicts: ReadonlyMap<string, Verdict>
  readonly counts: VerdictCounts
  readonly exitCode: number
}

/** A run with its plan made and its platform open; disposing closes that. */
export interface PreparedRun extends AsyncDisposable {
  /** Runs what was planned. */
  perform(): Promise<RunResult>
}

/**
 * Opens the platform and plans. Throws only what makes a run impossible: usage errors, a platform that cannot be opened.
 */
export async function prepareRun(options: RunOptions): Promise<PreparedRun> {
  await using stack = new AsyncDisposableStack()
  const { emit, platform, image, target, signal, profile } = options
  const startedAt = performance.now()
  // Long enough to reach from deep in the harness back to a line of the test.
  Error.stackTraceLimit = 50
  emit(runStarted(options))
  for (const remark of options.remarks) emit({ type: 'run.notice', ...remark })
  const candidates = await readCandidates(options)
  const sshKey = loadSshKey()
  const { settings = new Map(), limits = {} } = options
  const run = basename(options.runFolder)
  const login = { user: profile.defaultUser, key: sshKey }
  const session = stack.use(await platform.open({ image, emit, signal, settings, limits, run, login }))
  const { onFailure } = options.debugging
  const { plan, most, slowness, cost, durations } = planRun({ ...options, onFailure }, session, candidates)
  requireAffordable(cost, limits.maxCost)
  const timeouts: Timeouts = {
    ...(options.noTimeouts ? endlessTimeouts : defaultTimeouts(slowness)),
    ...(options.bootTimeoutMs === undefined ? {} : { readyMs: options.bootTimeoutMs }),
  }
  emit({
    type: 'run.planned',
    target,
    image: image.identity,
    digest: plan.digest,
    tests: plan.tests,
    jobs: most,
    budget: session.budget,
    facts: session.facts,
    ...(options.shard === undefined ? {} : { shard: options.shard }),
    ...(options.repeat === undefined ? {} : { repeat: options.repeat }),
    ...(options.failOnFlaky ? { failOnFlaky: true } : {}),
  })
  if (sshKey.notice !== undefined)
    emit({ type: 'run.notice', level: 'warning', code: 'ssh-key', message: sshKey.notice })
  const share = stack.use(options.shared.join({ platform: platform.name, session, most }))
  const env: RunEnvironment = {
    target,
    image,
    profile,
    session,
    sshKey,
    payloads: options.payloads,
    appended: options.appended,
    emit,
    noticeOnce: openNotices(emit),
    runFolder: options.runFolder,
    attemptsFolder: join(
      options.runFolder,
      'attempts',
      ...(options.cell === undefined ? [] : [options.cell]),
    ),
    slowness,
    signal,
    debugging: options.debugging,
    updateSnapshots: options.updateSnapshots,
    planned: new Map(plan.tests.map((test) => [test.test, test])),
    timeouts,
    forkSlots: share.forkSlots,
    bootSlots: share.bootSlots,
  }
  const { quietWaitMs, auditForks } = options
  const policy: RetryPolicy = options
  const perform = async (): Promise<RunResult> => {
    const verdicts = await runPlan({ env, plan, policy, share, quietWaitMs, auditForks, durations })
    for (const { test } of plan.tests) if (!verdicts.has(test)) verdicts.set(test, 'missing')
    const end = signal.aborted ? runEnded(signal.reason) : undefined
    if (end !== undefined) emit(end)
    const counts = countVerdicts(verdicts.values())
    const state =
      end === undefined ? 'finished' : end.type === 'run.interrupted' ? 'interrupted' : 'incomplete'
    const exitCode = exitCodeOf(counts, state, { failOnFlaky: options.failOnFlaky })
    emit({ type: 'run.finished', verdicts: counts, exitCode, durationMs: performance.now() - startedAt })
    return { verdicts, counts, exitCode }
  }
  const owned = stack.move()
  return { perform, [Symbol.asyncDispose]: async () => await owned.disposeAsync() }
}
