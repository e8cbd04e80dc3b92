// The events of a run as traces of its attempts: what belongs on the clock of each. Kept as events until somebody wants
// the detail; nothing is cut here.

import type { AttemptRef, EventOf, SignalboxEvent } from '../../harness/events.ts'

export type TraceEvent = EventOf<
  | 'phase.started'
  | 'phase.finished'
  | 'step.started'
  | 'step.finished'
  | 'command.finished'
  | 'update.request'
  | 'subtest.finished'
  | 'attachment'
  | 'metric'
  | 'log'
  | 'attempt.started'
  | 'attempt.finished'
>

/** A machine's life, and what it said of itself. */
export interface MachineTrace {
  readonly created: EventOf<'machine.created'>
  readonly marks: EventOf<'machine.milestone' | 'machine.exited'>[]
  destroyed?: EventOf<'machine.destroyed'>
  /** Its logs: name -> path, wherever they were announced. */
  readonly files: Map<string, string>
}

export interface AttemptTrace {
  readonly events: TraceEvent[]
  readonly machines: MachineTrace[]
}

export interface RunTrace {
  /** Milliseconds of the epoch at which the run's clock was 0. */
  readonly epochMs: number
  readonly attempts: ReadonlyMap<string, AttemptTrace>
}

/** The key of an attempt in a `RunTrace`. */
export function traceKey({ test, n }: AttemptRef): string {
  return `${n} ${test}`
}

/** Events of any number of runs -> their traces, by run. */
export function traceRuns(events: Iterable<SignalboxEvent>): ReadonlyMap<string, RunTrace> {
  const folds = new Map<string, TraceFold>()
  for (const event of events) {
    let fold = folds.get(event.run)
    if (fold === undefined) {
      fold = startTrace(event)
      folds.set(event.run, fold)
    }
    fold.add(event)
  }
  return new Map([...folds].map(([run, fold]) => [run, fold.trace]))
}

interface TraceFold {
  readonly trace: RunTrace
  add(event: SignalboxEvent): void
}

function startTrace(first: SignalboxEvent): TraceFold {
  const attempts = new Map<string, AttemptTrace>()
  const machines = new Map<string, MachineTrace>()
  const attemptOf = (ref: AttemptRef): AttemptTrace => {
    const key = traceKey(ref)
    const known = attempts.get(key)
    if (known !== undefined) return known
    const fresh: AttemptTrace = { events: [], machines: [] }
    attempts.set(key, fresh)
    return fresh
  }
  const add = (event: SignalboxEvent): void => {
    switch (event.type) {
      case 'run.started':
      case 'run.planned':
      case 'run.notice':
      case 'run.interrupted':
      case 'run.aborted':
      case 'run.finished':
      case 'test.finished':
      case 'machine.identified':
        return
      case 'machine.created': {
        const machine: MachineTrace = { created: event, marks: [], files: new Map() }
        machines.set(event.machine, machine)
        for (const ref of event.attempts) attemptOf(ref).machines.push(machine)
        return
      }
      case 'machine.milestone':
      case 'machine.exited':
        machines.get(event.machine)?.marks.push(event)
        return
      case 'machine.destroyed': {
        const machine = machines.get(event.machine)
        if (machine !== undefined) machine.destroyed = event
        return
      }
      case 'log':
        if (event.attempt !== undefined) attemptOf(event.attempt).events.push(event)
        return
      case 'command.finished': {
        // Without an attempt it prepares a machine, for each of whose attempts it counts.
        const of =
          event.attempt === undefined ? machines.get(event.machine)?.created.attempts : [event.attempt]
        for (const ref of of ?? []) attemptOf(ref).events.push(event)
        return
      }
      case 'attachment':
        if (event.machine !== undefined) machines.get(event.machine)?.files.set(event.name, event.path)
        attemptOf(event.attempt).events.push(event)
        return
      case 'attempt.started':
      case 'attempt.finished':
      case 'phase.started':
      case 'phase.finished':
      case 'step.started':
      case 'step.finished':
      case 'subtest.finished':
      case 'metric':
      case 'update.request':
        attemptOf(event.attempt).events.push(event)
        return
      default:
        event satisfies never
    }
  }
  return { trace: { epochMs: Date.parse(first.at) - first.ms, attempts }, add }
}
