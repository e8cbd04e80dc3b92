// One attempt as somebody looks at it: its failures, its timeline, its machines and its files.

import type { Failure, SourceLocation } from '../../harness/model.ts'
import { circumstances } from '../failure-text.ts'
import type { AttemptSummary } from '../run-summary.ts'
import type { AttemptDetail, PageFailure, PageFile, PageMachine, PageMetric } from './data.ts'
import { fingerprintOf } from '../record/fingerprint.ts'
import { fileLink } from './safe-link.ts'
import { shown, shownFacts, shownLine, shownTail } from './shown-text.ts'
import { timelineOf } from './timeline.ts'
import type { AttemptTrace, MachineTrace } from './trace.ts'

const FAILURES_SHOWN = 20
const FILES_SHOWN = 200
const METRICS_SHOWN = 200

/** The detail of an attempt, from its summary and its trace. */
export function detailOf(attempt: AttemptSummary, trace: AttemptTrace): AttemptDetail {
  const { items, omitted } = timelineOf(trace)
  const names = new Map(trace.machines.map(({ created }) => [created.machine, shownLine(created.name, 60)]))
  const left = attempt.failures.length - FAILURES_SHOWN
  return {
    failures: attempt.failures.slice(0, FAILURES_SHOWN).map(failureOf),
    ...(attempt.reason === undefined ? {} : { reason: shownLine(attempt.reason) }),
    items,
    machines: trace.machines.map(machineOf),
    files: filesOf(trace, names),
    metrics: metricsOf(trace, names),
    omitted: [...(left > 0 ? [`${left} more failures are only in events.jsonl`] : []), ...omitted],
  }
}

function failureOf(failure: Failure): PageFailure {
  const { message, hint, location, frame, stack, evidence, soft } = failure
  return {
    title: shown(message, 8192),
    circumstances: circumstances(failure),
    ...(hint === undefined ? {} : { hint: shown(hint, 2048) }),
    ...(location === undefined ? {} : { place: placeText(location) }),
    ...(frame === undefined ? {} : { frame: shown(frame, 4096) }),
    ...(stack === undefined ? {} : { stack: shown(stack, 8192) }),
    ...(evidence === undefined || evidence.length === 0
      ? {}
      : { evidence: shownTail(evidence.slice(-200).join('\n'), 16 * 1024) }),
    ...(soft === true ? { soft: true as const } : {}),
    fingerprint: fingerprintOf(failure),
  }
}

/** `file:line`, plain. */
export function placeText({ file, line }: SourceLocation): string {
  return `${shownLine(file, 300)}:${line}`
}

function machineOf({ created, marks, destroyed }: MachineTrace): PageMachine {
  return {
    name: shownLine(created.name, 60),
    origin: created.origin,
    platform: shownLine(created.platform, 40),
    at: created.ms,
    ...(destroyed === undefined ? {} : { end: destroyed.ms }),
    facts: shownFacts(created.facts),
    milestones: marks.flatMap((mark) =>
      mark.type === 'machine.milestone'
        ? [[shownLine(mark.milestone, 60), Math.round(mark.sinceMs)] as const]
        : [],
    ),
  }
}

function metricsOf(trace: AttemptTrace, names: ReadonlyMap<string, string>): readonly PageMetric[] {
  const metrics = trace.events.flatMap((event) => (event.type === 'metric' ? [event] : []))
  return metrics.slice(0, METRICS_SHOWN).map(({ name, value, unit, machine }): PageMetric => {
    const m = machine === undefined ? undefined : names.get(machine)
    return {
      name: shownLine(name, 200),
      value,
      unit: shownLine(unit, 20),
      ...(m === undefined ? {} : { m }),
    }
  })
}

function filesOf(trace: AttemptTrace, names: ReadonlyMap<string, string>): readonly PageFile[] {
  const files = trace.events.flatMap((event) => (event.type === 'attachment' ? [event] : []))
  return files.slice(0, FILES_SHOWN).map(({ name, path, bytes, machine }): PageFile => {
    const href = fileLink(path)
    const m = machine === undefined ? undefined : names.get(machine)
    return {
      name: shownLine(name, 200),
      path: shownLine(path, 1000),
      ...(href === undefined ? {} : { href: href === `./${path}` ? (true as const) : href }),
      bytes,
      ...(m === undefined ? {} : { m }),
    }
  })
}
