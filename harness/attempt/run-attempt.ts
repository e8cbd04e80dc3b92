// The way of one attempt: acquire -> ready -> body -> collect -> checks -> teardown. Every phase has its own deadline;
// what was acquired is always released; everything that happened is an event.

import { mkdir } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { InfraError, MachineError } from '../errors.ts'
import type { AttemptRef, Isolation } from '../events.ts'
import { fixturesOf } from '../fixtures/fixture-names.ts'
import type { Failure, MachineOrigin, Outcome, Phase, PlannedTest } from '../model.ts'
import { keepsMachines } from '../plan/group.ts'
import type { RegisteredTest, TestBody } from '../registry.ts'
import type { Fixtures } from '../fixtures/fixtures.ts'
import type { NextAttempt } from '../retry-policy.ts'
import { asStep, type AttemptContext } from '../running/context.ts'
import type { RunEnvironment } from './environment.ts'
import { failureFrom, outcomeOf } from '../running/failure.ts'
import { makeFixtures } from './make-fixtures.ts'
import type { HeldMachines } from './held-machines.ts'
import { isOfAttempt, journalPast } from '../machines/journal-times.ts'
import { isExpected, judgeHits, judgeMachine } from './judge.ts'
import { runPhase } from './phase.ts'
import { SkipError } from '../running/skip.ts'
import { announceLogs, collectAfterFailure } from './collect.ts'

type Held = HeldMachines

export interface AttemptRequest {
  readonly env: RunEnvironment
  readonly test: RegisteredTest
  readonly plan: PlannedTest
  readonly ref: AttemptRef
  readonly group: string | undefined
  readonly held: Held
  /** The tests that come to the same machines one after the other, this one included. */
  readonly companions: readonly string[]
  readonly isLastOfJob: boolean
  /** The machines are there already: an earlier test of the shared boot acquired them. */
  readonly acquired: boolean
  /** Its machines are forked, or begin in the initrd, where that can be. */
  readonly clones: boolean
  /** It confirms an earlier attempt on a fork. */
  readonly audit: boolean
  /** It runs with nothing of the run beside it. */
  readonly isolated: Isolation | undefined
  /** The machines are free for the next test although this attempt is not over: what the journal says of it may still come. */
  readonly onReleased: (() => void) | undefined
  /** The last test on these machines: tear down as part of this attempt. Asked after the body. */
  readonly isLast: (ended: Ended) => boolean
  readonly next: (ended: Ended) => NextAttempt
  /** Most other jobs that ran at the same time so far. */
  readonly beside: () => number
}

export interface AttemptResult {
  readonly ref: AttemptRef
  readonly outcome: Outcome
  readonly reason: string | undefined
  readonly failures: readonly Failure[]
  readonly durationMs: number
  /** The phase in which it stopped; `teardown` when it went all the way. */
  readonly reached: Phase
  readonly origin: MachineOrigin
  /** Of all its machines, after the body; undefined where that cannot be told. */
  readonly privateMemoryMiB: number | undefined
}

/** What decides about the next attempt. */
export type Ended = Pick<AttemptResult, 'outcome' | 'reached' | 'failures'>

/** Runs one attempt. Never throws: whatever happens becomes its result. */
export async function runAttempt(request: AttemptRequest): Promise<AttemptResult> {
  const { env, test, ref, held, group } = request
  const startedAt = performance.now()
  const abort = new AbortController()
  const attempt: AttemptContext = {
    ref,
    plan: request.plan,
    emit: env.emit,
    signal: AbortSignal.any([env.signal, held.gone, abort.signal]),
    runFolder: env.runFolder,
    folder: attemptFolder(env, ref),
    updateSnapshots: env.updateSnapshots,
    failures: [],
    companions: request.companions,
    phase: 'acquire',
    step: undefined,
    holdDeadline: () => ({ [Symbol.dispose]: () => undefined }),
    counter: { steps: 0, attachments: 0, heldMs: 0 },
  }
  env.emit({
    type: 'attempt.started',
    attempt: ref,
    ...(group === undefined ? {} : { group }),
    ...(request.audit ? { audit: true } : {}),
    ...(request.isolated === undefined ? {} : { isolated: request.isolated }),
  })
  held.beginAttempt(ref)
  const marks = new Map(held.machines.map((live) => [live, live.watch.hits.length]))
  let reached: Phase = 'acquire'
  let skipped: string | undefined
  const enter = (phase: Phase): Phase => (reached = phase)
  // Built as machines appear; removed with the attempt.
  using watching = new DisposableStack()
  const watched = new Set<Held['machines'][number]>()
  const watchFatal = (): void => {
    for (const live of held.machines) {
      if (watched.has(live)) continue
      watched.add(live)
      const mark = marks.get(live) ?? 0
      watching.defer(
        live.watch.onFatal((hit) => {
          if (
            isExpected(hit, test.requirements, live.expectedMessages) ||
            live.watch.hits.indexOf(hit) < mark ||
            !isOfAttempt(live.machine, ref, hit.atUs)
          )
            return
          abort.abort(
            new MachineError(`${live.machine.name}: ${hit.description}: ${hit.line.trim()}`, {
              code: `${hit.source}.${hit.code}`,
              evidence: live.console.tail(40),
            }),
          )
        }),
      )
    }
  }

  const bodyMs = (test.requirements.timeoutMs ?? 60_000) * env.timeouts.bodyScale
  const fixturesFor = async (context: AttemptContext, name: string, body: TestBody): Promise<Fixtures> =>
    await makeFixtures({ context, env, test, held, used: fixturesOf(name, body), onBoot: () => watchFatal() })

  try {
    await mkdir(attempt.folder, { recursive: true })
    if (request.acquired) watchFatal()
    else {
      const { acquireMs, readyMs } = env.timeouts
      // A template may be booted here, or by another process, before there is a machine.
      const templateMs = request.clones ? readyMs : 0
      await runPhase(
        attempt,
        { phase: enter('acquire'), timeoutMs: acquireMs + templateMs },
        async ({ signal }) => {
          await held.acquireAll(signal)
        },
      )
      watchFatal()
      const lastSeen = (): string | undefined =>
        held.machines.map((live) => live.console.tail(1)[0] ?? '').join(' | ')
      const { preparation } = test
      const prepareMs = preparation === undefined ? 0 : bodyMs
      const prepareIn = (context: AttemptContext): (() => Promise<void>) | undefined =>
        preparation === undefined
          ? undefined
          : async () => {
              await asStep('hook', `prepare ${preparation.name}`, async () => {
                await preparation.body(await fixturesFor(context, preparation.name, preparation.body))
              })
            }
      await runPhase(
        attempt,
        { phase: enter('ready'), timeoutMs: readyMs * 1.1 + templateMs + prepareMs, lastSeen },
        async (context) => {
          const { signal } = context
          await Promise.all([held.becomeReady(signal, prepareIn(context)), held.requireWhole(signal)])
        },
      )
      watchFatal()
    }
    await runPhase(attempt, { phase: enter('body'), timeoutMs: bodyMs }, async (context) => {
      await test.body(await fixturesFor(context, test.name, test.body))
    })
  } catch (error) {
    if (error instanceof SkipError) skipped = error.reason
    else attempt.failures.push(withConsole(failureFrom(error, reached, request.plan.location), held))
  }
  watching.dispose()
  // To measure takes as long as a small test: of those that share a machine, once.
  const isMeasured = !keepsMachines(test) || request.isLastOfJob
  const privateMemoryMiB = isMeasured ? held.privateMemoryMiB() : undefined
  if (privateMemoryMiB !== undefined)
    env.emit({ type: 'metric', attempt: ref, name: 'memory.private', value: privateMemoryMiB, unit: 'MiB' })
  const releasedAt = await afterBody(request, attempt, marks, skipped !== undefined)

  const outcome = skipped === undefined ? outcomeOf(attempt.failures) : 'skipped'
  const endedAt = performance.now()
  const { machines } = held
  const { emit, signal, image, session } = env
  const { failures, folder } = attempt
  // As the events of several targets name it.
  const cell = relative(join(env.runFolder, 'attempts'), env.attemptsFolder)
  const run = [basename(env.runFolder), ...(cell === '' ? [] : [cell])].join('.')
  const scene = { folder, platform: env.target.platform, image, saves: session.saves }
  await env.debugging.afterAttempt({ run, ref, outcome, failures, machines, ...scene, emit, signal })
  attempt.counter.heldMs += performance.now() - endedAt
  if (request.isLast({ outcome, reached, failures })) await tearDown(request, attempt)
  // The first one on these machines waited for it.
  const templateMs = request.acquired ? 0 : held.templateMs
  const durationMs = (releasedAt ?? performance.now()) - startedAt - templateMs - attempt.counter.heldMs
  const next = request.next({ outcome, reached, failures })
  const beside = request.beside()
  env.emit({
    type: 'attempt.finished',
    attempt: ref,
    outcome,
    ...(skipped === undefined ? {} : { reason: skipped }),
    failures: attempt.failures,
    durationMs,
    ...(templateMs === 0 ? {} : { templateMs: Math.round(templateMs) }),
    willRetry: next !== 'none',
    ...(next === 'alone' ? { retryAlone: true } : {}),
    ...(beside === 0 ? {} : { beside }),
  })
  return {
    ref,
    outcome,
    reason: skipped,
    failures: attempt.failures,
    durationMs,
    reached,
    origin: held.origin,
    privateMemoryMiB,
  }
}

/** Absolute folder of an attempt's artefacts. */
export function attemptFolder(env: Pick<RunEnvironment, 'attemptsFolder'>, ref: AttemptRef): string {
  return join(env.attemptsFolder, ref.test, String(ref.n))
}

// Collecting and checking go on after a failure, and under their own budgets; an interrupted run skips them. Returns when the
// machines were released, where that was before the end.
async function afterBody(
  request: AttemptRequest,
  attempt: AttemptContext,
  marks: ReadonlyMap<Held['machines'][number], number>,
  skipped: boolean,
): Promise<number | undefined> {
  const { env, held, test, ref, onReleased } = request
  let releasedAt: number | undefined
  if (env.signal.aborted) return releasedAt
  const { collectMs, checksMs } = env.timeouts
  const guarded = async (
    phase: Phase,
    timeoutMs: number,
    work: (context: AttemptContext) => Promise<void>,
  ): Promise<void> => {
    try {
      await runPhase(attempt, { phase, timeoutMs, signal: env.signal }, work)
    } catch (error) {
      if (skipped || env.signal.aborted) return
      if (attempt.failures.length === 0 || error instanceof InfraError)
        attempt.failures.push(failureFrom(error, phase, request.plan.location))
    }
  }
  const failed = attempt.failures.length > 0
  if (failed)
    await guarded('collect', collectMs, async (context) => await collectAfterFailure(context, held.machines))
  // What they leave is looked at only for the sake of those after them on the same machines.
  const isDone = skipped || failed
  const isOver = isDone && (!keepsMachines(test) || request.isLastOfJob)
  if (skipped && isOver) return releasedAt
  await guarded('checks', checksMs, async ({ signal }) => {
    if (!skipped) await held.requireWhole(signal)
    const known = new Set(attempt.failures.map((failure) => failure.code))
    const units = new Map<Held['machines'][number], readonly Failure[]>()
    if (!isOver) for (const live of held.machines) units.set(live, await judgeMachine(live, test, signal))
    if (!failed && onReleased !== undefined) {
      releasedAt = performance.now()
      onReleased()
    }
    for (const { machine, journal } of held.machines) await journalPast(machine, ref, journal, signal)
    const hasFollower = releasedAt !== undefined && !request.isLastOfJob
    for (const live of held.machines) {
      const hits = live.watch.hits
        .slice(marks.get(live) ?? 0)
        .filter(({ atUs }) => isOfAttempt(live.machine, ref, atUs, hasFollower))
      const bad = judgeHits(live, hits, test).filter(({ code }) => !known.has(code))
      if (!skipped) attempt.failures.push(...bad)
      if (!isDone) attempt.failures.push(...(units.get(live) ?? []))
    }
  })
  return releasedAt
}

async function tearDown(request: AttemptRequest, attempt: AttemptContext): Promise<void> {
  const { env, held } = request
  try {
    const timeoutMs = env.timeouts.teardownMs
    // Not the run's signal: an interrupted run is torn down too.
    await runPhase(
      attempt,
      { phase: 'teardown', timeoutMs, signal: AbortSignal.timeout(timeoutMs * 2) },
      async () => {
        await held[Symbol.asyncDispose]()
      },
    )
  } catch (error) {
    const { message } = failureFrom(error, 'teardown')
    env.emit({
      type: 'run.notice',
      level: 'warning',
      code: 'teardown-failed',
      message: `${attempt.ref.test}: ${message}; "signalbox gc" removes what was left`,
    })
  }
  await announceLogs(attempt, held.machines).catch(() => undefined)
}

function withConsole(failure: Failure, held: Held): Failure {
  if (failure.evidence !== undefined || failure.kind === 'assertion' || failure.kind === 'error')
    return failure
  const evidence = held.machines.flatMap((live) =>
    live.console.tail(20).map((line) => `${live.machine.name} console: ${line}`),
  )
  return evidence.length === 0 ? failure : { ...failure, evidence }
}
