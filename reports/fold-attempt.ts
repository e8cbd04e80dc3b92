// One attempt, built up event by event. What is kept of commands and steps is bounded: the whole is in `events.jsonl`.

import type { EventOf } from '../harness/events.ts'
import { tailText } from '../harness/hostile-text.ts'
import { mainFingerprint, withFingerprint } from './record/fingerprint.ts'
import type {
  AttemptSummary,
  CommandSummary,
  MetricSummary,
  PhaseSummary,
  StepSummary,
  UpdateRequestSummary,
} from './run-summary.ts'

/** A summary's part while it is still written: its own fields and lists may change. */
export type Building<T> = {
  -readonly [K in keyof T]: T[K] extends readonly (infer E)[] | undefined ? E[] : T[K]
}

export type BuildingAttempt = Building<AttemptSummary> & {
  openSteps: Map<string, Building<StepSummary>>
}

const COMMANDS_KEPT = 20
const STEPS_KEPT = 100
const SUBTESTS_KEPT = 1000
const METRICS_KEPT = 1000
const UPDATE_REQUESTS_KEPT = 100

/** Characters kept of each output of a command. */
export const LONGEST_TAIL = 512

export function startAttempt(n: number, startedMs: number): BuildingAttempt {
  return {
    n,
    outcome: 'unfinished',
    startedMs,
    durationMs: 0,
    phases: [],
    failures: [],
    machines: [],
    attachments: [],
    commandCount: 0,
    commands: [],
    stepCount: 0,
    steps: [],
    openSteps: new Map(),
  }
}

type AttemptEvent = EventOf<
  | 'attempt.started'
  | 'phase.started'
  | 'phase.finished'
  | 'step.started'
  | 'step.finished'
  | 'attachment'
  | 'metric'
  | 'subtest.finished'
  | 'update.request'
  | 'attempt.finished'
>

export function foldAttempt(attempt: BuildingAttempt, event: AttemptEvent): void {
  attempt.durationMs = Math.max(attempt.durationMs, event.ms - attempt.startedMs)
  switch (event.type) {
    case 'attempt.started':
      attempt.startedMs = event.ms
      attempt.durationMs = 0
      if (event.group !== undefined) attempt.group = event.group
      if (event.audit === true) attempt.audit = true
      if (event.isolated !== undefined) attempt.isolated = event.isolated
      return
    case 'phase.started':
      attempt.phases.push({ phase: event.phase, durationMs: null, ok: null })
      return
    case 'phase.finished':
      finishPhase(attempt.phases, event)
      return
    case 'step.started':
      startStep(attempt, event)
      return
    case 'step.finished': {
      const step = attempt.openSteps.get(event.step)
      if (step === undefined) return
      attempt.openSteps.delete(event.step)
      step.durationMs = event.durationMs
      if (event.error !== undefined) step.error = event.error
      return
    }
    case 'attachment': {
      const { name, path, contentType, bytes, machine } = event
      attempt.attachments.push({
        name,
        path,
        contentType,
        bytes,
        ...(machine === undefined ? {} : { machine }),
      })
      return
    }
    case 'metric':
      foldMetric(attempt, event)
      return
    case 'subtest.finished':
      foldSubtest(attempt, event)
      return
    case 'update.request':
      foldUpdateRequest(attempt, event)
      return
    case 'attempt.finished':
      attempt.outcome = event.outcome
      attempt.durationMs = event.durationMs
      if (event.templateMs !== undefined) attempt.templateMs = event.templateMs
      attempt.failures = event.failures.map(withFingerprint)
      setFingerprint(attempt)
      if (event.reason !== undefined) attempt.reason = event.reason
      if (event.beside !== undefined) attempt.beside = event.beside
      attempt.openSteps.clear()
      return
    default:
      event satisfies never
  }
}

export function foldCommand(attempt: BuildingAttempt, event: EventOf<'command.finished'>): void {
  attempt.commandCount++
  if (attempt.commands.length === COMMANDS_KEPT) attempt.commands.shift()
  const command: Building<CommandSummary> = {
    machine: event.machine,
    command: event.command,
    exitCode: event.exitCode,
    durationMs: event.durationMs,
    stdoutTail: tailText(event.stdoutTail, LONGEST_TAIL),
    stderrTail: tailText(event.stderrTail, LONGEST_TAIL),
  }
  if (event.signal !== undefined) command.signal = event.signal
  attempt.commands.push(command)
}

// `boot.kernel` is how long the kernel took, which the suite records.
const BOOT_MILESTONES: ReadonlyMap<string, string> = new Map([
  ['kernel', 'boot.kernel-start'],
  ['ssh', 'boot.ssh'],
  ['running', 'boot.running'],
])

/** How long a boot took from the power-on is a metric of the attempt that it was for, of several the first. */
export function foldBoot(
  attempt: BuildingAttempt,
  { machine, milestone, sinceMs }: EventOf<'machine.milestone'>,
): void {
  const name = BOOT_MILESTONES.get(milestone)
  if (name !== undefined) foldMetric(attempt, { machine, name, value: sinceMs, unit: 'ms' })
}

function foldMetric(attempt: BuildingAttempt, event: MetricSummary): void {
  const { name, value, unit, machine } = event
  const kept = (attempt.metrics ??= [])
  if (kept.length < METRICS_KEPT)
    kept.push({ name, value, unit, ...(machine === undefined ? {} : { machine }) })
}

function setFingerprint(attempt: BuildingAttempt): void {
  const main = mainFingerprint(attempt.failures)
  if (main !== undefined) attempt.fingerprint = main
}

/** Every one is counted; of those that are kept, failed ones push out passed ones. */
function foldSubtest(attempt: BuildingAttempt, event: EventOf<'subtest.finished'>): void {
  const { name, outcome, message, durationMs } = event
  attempt.subtestCount = (attempt.subtestCount ?? 0) + 1
  const kept = [...(attempt.subtests ?? [])]
  attempt.subtests = kept
  if (kept.length >= SUBTESTS_KEPT) {
    const passed = outcome === 'failed' ? kept.findIndex((other) => other.outcome === 'passed') : -1
    if (passed === -1) return
    kept.splice(passed, 1)
  }
  kept.push({
    name,
    outcome,
    ...(message === undefined ? {} : { message }),
    ...(durationMs === undefined ? {} : { durationMs }),
  })
}

/** Every one is counted, the last ones are kept. */
function foldUpdateRequest(attempt: BuildingAttempt, event: EventOf<'update.request'>): void {
  const { method, path, status, end, range, bytes, durationMs, faults, refused, apps, ms } = event
  attempt.updateRequestCount = (attempt.updateRequestCount ?? 0) + 1
  const summary: UpdateRequestSummary = {
    endedMs: ms,
    method,
    path,
    end,
    bytes,
    durationMs,
    ...(status === undefined ? {} : { status }),
    ...(range === undefined ? {} : { range }),
    ...(faults === undefined ? {} : { faults }),
    ...(refused === undefined ? {} : { refused }),
    ...(apps === undefined ? {} : { apps }),
  }
  attempt.updateRequests = [...(attempt.updateRequests ?? []).slice(1 - UPDATE_REQUESTS_KEPT), summary]
}

/** The attempt as data, without what only the fold needs. */
export function finishedAttempt(attempt: BuildingAttempt): AttemptSummary {
  const { openSteps: _, ...summary } = attempt
  return summary
}

function finishPhase(phases: PhaseSummary[], event: EventOf<'phase.finished'>): void {
  const at = phases.findLastIndex((phase) => phase.phase === event.phase && phase.durationMs === null)
  const done: PhaseSummary = {
    phase: event.phase,
    durationMs: event.durationMs,
    ok: event.ok,
  }
  if (at === -1) phases.push(done)
  else phases[at] = done
}

/** Retrying expectations make many steps that only repeat the line above: they are counted, not kept. */
function startStep(attempt: BuildingAttempt, event: EventOf<'step.started'>): void {
  attempt.stepCount++
  if (event.category === 'expect' || attempt.steps.length >= STEPS_KEPT) return
  const step: Building<StepSummary> = {
    title: event.title,
    category: event.category,
    durationMs: null,
  }
  attempt.steps.push(step)
  attempt.openSteps.set(event.step, step)
}
