// One run, built up event by event, and what it comes to at any moment. Order matters only as the stream has it.

import type { AttemptRef, EventOf, SignalboxEvent } from '../harness/events.ts'
import type { PlannedTest, Verdict } from '../harness/model.ts'
import { type ExitPolicy, exitCodeOf, noVerdicts } from '../harness/verdict.ts'
import {
  type Building,
  type BuildingAttempt,
  finishedAttempt,
  foldAttempt,
  foldBoot,
  foldCommand,
  startAttempt,
} from './fold-attempt.ts'
import { passRateOf } from './pass-rate.ts'
import {
  judgedAttempts,
  type MachineSummary,
  type Notice,
  type RunAbort,
  type RunSummary,
  type TestSummary,
} from './run-summary.ts'

const NOTICES_KEPT = 200

const noPlan: Notice = {
  level: 'warning',
  code: 'plan-missing',
  message: 'the events hold no plan: which tests are missing is not known',
}

export interface RunFold {
  add(event: SignalboxEvent): void
  /** One test as it stands, without the cost of a whole summary. */
  test(name: string): TestSummary
  summary(policy?: ExitPolicy): RunSummary
}

interface BuildingTest {
  readonly attempts: Map<number, BuildingAttempt>
  finished?: EventOf<'test.finished'>
}

/** Starts the fold of the run that `first` belongs to (and does not add `first` itself). */
export function startRunFold(first: SignalboxEvent): RunFold {
  let started: EventOf<'run.started'> | undefined
  let plan: EventOf<'run.planned'> | undefined
  let plannedTests: ReadonlyMap<string, PlannedTest> = new Map()
  let interrupted: EventOf<'run.interrupted'> | undefined
  let aborted: EventOf<'run.aborted'> | undefined
  let finished: EventOf<'run.finished'> | undefined
  let osRelease: EventOf<'machine.identified'>['osRelease'] | undefined
  let lastMs = 0
  const tests = new Map<string, BuildingTest>()
  const machines = new Map<string, Building<MachineSummary>>()
  const notices: Notice[] = []

  const testOf = (name: string): BuildingTest => {
    const known = tests.get(name)
    if (known !== undefined) return known
    const fresh: BuildingTest = { attempts: new Map() }
    tests.set(name, fresh)
    return fresh
  }
  const attemptOf = (ref: AttemptRef, ms: number): BuildingAttempt => {
    const { attempts } = testOf(ref.test)
    const known = attempts.get(ref.n)
    if (known !== undefined) return known
    const fresh = startAttempt(ref.n, ms)
    attempts.set(ref.n, fresh)
    return fresh
  }

  const add = (event: SignalboxEvent): void => {
    lastMs = Math.max(lastMs, event.ms)
    switch (event.type) {
      case 'run.started':
        started = event
        return
      case 'run.planned':
        plan = event
        plannedTests = new Map(event.tests.map((test) => [test.test, test]))
        return
      case 'run.notice':
        if (notices.length < NOTICES_KEPT)
          notices.push({
            level: event.level,
            code: event.code,
            message: event.message,
          })
        return
      case 'run.interrupted':
        interrupted ??= event
        return
      case 'run.aborted':
        aborted ??= event
        return
      case 'run.finished':
        finished = event
        return
      case 'test.finished':
        testOf(event.test).finished = event
        return
      case 'machine.created':
        machines.set(event.machine, machineOf(event))
        for (const ref of event.attempts) attemptOf(ref, event.ms).machines.push(event.machine)
        return
      case 'machine.milestone': {
        const machine = machines.get(event.machine)
        machine?.milestones.push({ milestone: event.milestone, sinceMs: event.sinceMs })
        const [firstOf] = machine?.attempts ?? []
        if (firstOf !== undefined && machine?.origin === 'cold') foldBoot(attemptOf(firstOf, event.ms), event)
        return
      }
      case 'machine.identified':
        osRelease ??= event.osRelease
        return
      case 'machine.exited': {
        const machine = machines.get(event.machine)
        if (machine !== undefined) machine.exit = { reason: event.reason, expected: event.expected }
        return
      }
      case 'machine.destroyed': {
        const machine = machines.get(event.machine)
        if (machine !== undefined) machine.destroyed = true
        return
      }
      case 'command.finished':
        if (event.attempt !== undefined) foldCommand(attemptOf(event.attempt, event.ms), event)
        return
      case 'attempt.started':
      case 'phase.started':
      case 'phase.finished':
      case 'step.started':
      case 'step.finished':
      case 'attachment':
      case 'metric':
      case 'subtest.finished':
      case 'attempt.finished':
        foldAttempt(attemptOf(event.attempt, event.ms), event)
        return
      case 'log':
        return
      default:
        event satisfies never
    }
  }

  const test = (name: string): TestSummary =>
    testSummary(name, plannedTests.get(name), tests.get(name), plan?.repeat)

  const summary = (asked: ExitPolicy = {}): RunSummary => {
    const policy = plan?.failOnFlaky === true ? { ...asked, failOnFlaky: true } : asked
    const names = new Set([...plannedTests.keys(), ...tests.keys()])
    const all = [...names].map(test)
    const verdicts: Record<Verdict, number> = { ...noVerdicts }
    for (const { verdict } of all) verdicts[verdict]++
    const missing = all.filter(({ verdict }) => verdict === 'missing').map((item) => item.test)
    const state = stateOf({ interrupted, aborted, finished })
    return {
      run: first.run,
      state,
      ...(interrupted === undefined ? {} : { interruptedBy: interrupted.signal }),
      ...(aborted === undefined ? {} : { abortedBy: abortOf(aborted) }),
      startedAt: first.at,
      durationMs: finished?.durationMs ?? lastMs,
      command: started?.command ?? [],
      ...(started?.options === undefined ? {} : { options: started.options }),
      ...(started === undefined ? {} : { toolVersion: started.tool.version }),
      host: started?.host ?? {},
      ...(started?.cell === undefined ? {} : { targetName: started.cell }),
      ...(plan === undefined
        ? {}
        : {
            target: plan.target,
            image: plan.image,
            ...(plan.facts === undefined ? {} : { platformFacts: plan.facts }),
            plan: {
              digest: plan.digest,
              jobs: plan.jobs,
              budget: plan.budget,
              ...(plan.shard === undefined ? {} : { shard: plan.shard }),
              ...(plan.repeat === undefined ? {} : { repeat: plan.repeat }),
              ...(plan.failOnFlaky === true ? { failOnFlaky: true } : {}),
            },
          }),
      ...(osRelease === undefined ? {} : { osRelease }),
      planned: plannedTests.size,
      finished: all.length - missing.length,
      missing,
      verdicts,
      // Without a plan nobody knows what is missing: no verdict about the image.
      exitCode: exitCodeOf(verdicts, exitStateOf({ state, plan, abortedBy: aborted }), policy),
      ...(finished === undefined ? {} : { recordedExitCode: finished.exitCode }),
      tests: all,
      machines: [...machines.values()],
      // Why there is no plan is said by what ended the run.
      notices: plan === undefined && aborted === undefined ? [...notices, noPlan] : [...notices],
    }
  }
  return { add, test, summary }
}

function stateOf(ends: {
  readonly interrupted: unknown
  readonly aborted: unknown
  readonly finished: unknown
}): RunSummary['state'] {
  if (ends.interrupted !== undefined) return 'interrupted'
  if (ends.aborted !== undefined) return 'aborted'
  return ends.finished === undefined ? 'incomplete' : 'finished'
}

/** What counts for the exit code; without a plan nobody knows what is missing. */
export function exitStateOf(
  run: Pick<RunSummary, 'state'> & {
    readonly plan?: unknown
    readonly abortedBy?: Pick<RunAbort, 'kind'> | undefined
  },
): Parameters<typeof exitCodeOf>[1] {
  switch (run.state) {
    case 'interrupted':
      return 'interrupted'
    case 'aborted':
      return run.abortedBy?.kind === 'usage' ? 'unusable' : 'incomplete'
    case 'incomplete':
      return 'incomplete'
    case 'finished':
      return run.plan === undefined ? 'incomplete' : 'finished'
    default:
      return run.state satisfies never
  }
}

function abortOf({ kind, code, message, hint, evidence }: EventOf<'run.aborted'>): RunAbort {
  return {
    kind,
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(evidence === undefined ? {} : { evidence }),
  }
}

function machineOf(event: EventOf<'machine.created'>): Building<MachineSummary> {
  const { machine, name, platform, origin, attempts, facts } = event
  return {
    machine,
    name,
    platform,
    origin,
    attempts: [...attempts],
    facts,
    milestones: [],
    destroyed: false,
  }
}

function testSummary(
  name: string,
  planned: PlannedTest | undefined,
  seen: BuildingTest | undefined,
  repeat: number | undefined,
): TestSummary {
  const attempts = [...(seen?.attempts.values() ?? [])].toSorted((a, b) => a.n - b.n)
  const end = verdictOf(planned, seen?.finished, attempts)
  const group = attempts.at(-1)?.group ?? planned?.group
  const rate =
    repeat === undefined ? undefined : passRateOf(judgedAttempts({ attempts }).map(({ outcome }) => outcome))
  return {
    test: name,
    verdict: end.verdict,
    ...(end.reason === undefined ? {} : { reason: end.reason }),
    durationMs:
      seen?.finished?.durationMs ?? attempts.reduce((total, attempt) => total + attempt.durationMs, 0),
    planned: planned !== undefined,
    ...(planned === undefined ? {} : { expectation: planned.expectation }),
    ...(planned?.description === undefined ? {} : { description: planned.description }),
    ...(planned === undefined ? {} : { location: planned.location }),
    tags: planned?.tags ?? [],
    aliases: planned?.aliases ?? [],
    ...(group === undefined ? {} : { group }),
    ...(planned?.knownFailure === undefined ? {} : { knownFailure: planned.knownFailure }),
    ...(repeat === undefined ? {} : { repeat }),
    ...(rate === undefined ? {} : { rate }),
    attempts: attempts.map(finishedAttempt),
  }
}

/** A test that was planned to be skipped needs no event to be so; any other one without a verdict is missing. */
function verdictOf(
  planned: PlannedTest | undefined,
  finished: EventOf<'test.finished'> | undefined,
  attempts: readonly BuildingAttempt[],
): { readonly verdict: Verdict; readonly reason?: string | undefined } {
  const skip = planned?.expectation.kind === 'skip' ? planned.expectation.reason : undefined
  if (finished !== undefined) {
    const reason =
      finished.reason ?? (finished.verdict === 'skipped' ? (skip ?? attempts.at(-1)?.reason) : undefined)
    return { verdict: finished.verdict, reason }
  }
  if (skip !== undefined && attempts.length === 0) return { verdict: 'skipped', reason: skip }
  return { verdict: 'missing', reason: howFar(attempts.at(-1)) }
}

function howFar(attempt: BuildingAttempt | undefined): string {
  if (attempt === undefined) return 'never started'
  if (attempt.outcome !== 'unfinished') return `no verdict after attempt ${attempt.n}: ${attempt.outcome}`
  const open = attempt.phases.findLast((phase) => phase.durationMs === null)
  return `attempt ${attempt.n} was cut off${open === undefined ? '' : ` in phase ${open.phase}`}`
}
