// What happened in an attempt, on the clock of its run: phases, steps, commands with their output, machines, subtests.
// Bounded: of commands and steps the first and the last ones stay, and how many went is said.

import type { EventOf, StepCategory } from '../../harness/events.ts'
import type { Lane, TimelineItem } from './data.ts'
import { shown, shownLine, shownTail } from './shown-text.ts'
import type { AttemptTrace, MachineTrace, TraceEvent } from './trace.ts'

const KEPT = 400
const KEPT_FIRST = 100

/** Characters of each output of a command; events have 2 KiB. */
const LONGEST_OUTPUT = 2048

export interface Timeline {
  readonly items: readonly TimelineItem[]
  readonly omitted: readonly string[]
}

/** The items of an attempt in the order of their beginnings. */
export function timelineOf(trace: AttemptTrace): Timeline {
  const names = new Map(trace.machines.map(({ created }) => [created.machine, shownLine(created.name, 60)]))
  const commands = bounded(trace.events.filter(isCommand), 'commands')
  const steps = bounded(stepsOf(trace.events), 'steps')
  const requests = bounded(trace.events.filter(isRequest), 'update requests')
  const items = [
    ...phasesOf(trace.events),
    ...steps.kept,
    ...commands.kept.map((event) => commandItem(event, names.get(event.machine))),
    ...requests.kept.map(requestItem),
    ...trace.machines.flatMap(machineItems),
    ...trace.events.flatMap(momentOf),
  ]
  return {
    items: items.toSorted((a, b) => a.at - b.at),
    omitted: [...commands.omitted, ...steps.omitted, ...requests.omitted],
  }
}

function bounded<T>(
  all: readonly T[],
  what: string,
): { readonly kept: readonly T[]; readonly omitted: readonly string[] } {
  if (all.length <= KEPT) return { kept: all, omitted: [] }
  const kept = [...all.slice(0, KEPT_FIRST), ...all.slice(KEPT_FIRST - KEPT)]
  return { kept, omitted: [`${all.length - KEPT} of ${all.length} ${what} are only in events.jsonl`] }
}

function isCommand(event: TraceEvent): event is EventOf<'command.finished'> {
  return event.type === 'command.finished'
}

function isRequest(event: TraceEvent): event is EventOf<'update.request'> {
  return event.type === 'update.request'
}

function phasesOf(events: readonly TraceEvent[]): readonly TimelineItem[] {
  const open = new Map<string, number>()
  const items: TimelineItem[] = []
  for (const event of events) {
    if (event.type === 'phase.started') {
      open.set(event.phase, items.length)
      items.push({ lane: 'phase', at: event.ms, end: null, title: event.phase })
    } else if (event.type === 'phase.finished') {
      const at = open.get(event.phase)
      open.delete(event.phase)
      const done: TimelineItem = {
        lane: 'phase',
        at: tenths(event.ms - event.durationMs),
        end: event.ms,
        title: event.phase,
        state: event.ok ? 'ok' : 'failed',
      }
      if (at === undefined) items.push(done)
      else items[at] = { ...done, at: items[at]?.at ?? done.at }
    }
  }
  return items
}

function stepsOf(events: readonly TraceEvent[]): readonly TimelineItem[] {
  const places = new Map<string, number>()
  const depths = new Map<string, number>()
  const items: TimelineItem[] = []
  for (const event of events) {
    if (event.type === 'step.started') {
      const depth = event.parent === undefined ? 0 : (depths.get(event.parent) ?? -1) + 1
      depths.set(event.step, depth)
      places.set(event.step, items.length)
      items.push({
        lane: laneOf(event.category),
        at: event.ms,
        end: null,
        title: shownLine(event.title),
        ...(depth === 0 ? {} : { depth }),
      })
    } else if (event.type === 'step.finished') {
      const at = places.get(event.step)
      const item = at === undefined ? undefined : items[at]
      if (at === undefined || item === undefined) continue
      items[at] = {
        ...item,
        end: event.ms,
        state: event.error === undefined ? 'ok' : 'failed',
        ...(event.error === undefined ? {} : { text: shown(event.error, 4096) }),
      }
    }
  }
  return items
}

/** What is done to machines and their network from outside is a fault, or its end. */
function laneOf(category: StepCategory): Lane {
  switch (category) {
    case 'power':
    case 'network':
      return 'fault'
    case 'test.step':
    case 'hook':
    case 'expect':
    case 'boot':
    case 'reboot':
    case 'upload':
    case 'download':
    case 'update':
      return 'step'
    default:
      return category satisfies never
  }
}

function commandItem(event: EventOf<'command.finished'>, machine: string | undefined): TimelineItem {
  const ended = event.signal ?? event.exitCode
  const text = [
    part('stdout', event.stdoutTail, event.stdoutBytes),
    part('stderr', event.stderrTail, event.stderrBytes),
    ended === 0
      ? ''
      : `[${event.exitCode === null ? (event.signal ?? 'no exit code') : `exit ${event.exitCode}`}]`,
  ]
    .filter((each) => each !== '')
    .join('\n')
  return {
    lane: 'command',
    at: tenths(Math.max(0, event.ms - event.durationMs)),
    end: event.ms,
    title: `${event.over === undefined ? '' : '[control] '}${shownLine(event.command, 2000)}`,
    state: ended === 0 ? 'ok' : 'warned',
    ...(machine === undefined ? {} : { m: machine }),
    ...(text === '' ? {} : { text }),
  }
}

/** What an update client asked, how it was answered, and what it said over Omaha. */
function requestItem(event: EventOf<'update.request'>): TimelineItem {
  const { ms, durationMs, method, path, status, end, range, bytes, faults = [], refused, apps = [] } = event
  const ending = end === 'answered' ? '' : `, ${end}`
  const text = [
    `${bytes} bytes${ending}`,
    range === undefined ? '' : `range: ${range}`,
    faults.length === 0 ? '' : `misbehaved on purpose: ${faults.join(', ')}`,
    refused === undefined ? '' : `refused: ${refused}`,
    ...apps.flatMap(({ events = [] }) =>
      events.map(({ type, result, errorCode }) => `event: ${type}, ${result}, error code ${errorCode ?? 0}`),
    ),
  ].filter((line) => line !== '')
  return {
    lane: 'request',
    at: tenths(Math.max(0, ms - durationMs)),
    end: ms,
    title: shownLine(`${method} ${path} ${status ?? 'no status'}`),
    state: end === 'answered' && (status ?? 0) < 400 ? 'ok' : 'warned',
    text: shown(text.join('\n'), 4096),
  }
}

function part(name: string, tail: string, bytes: number | undefined): string {
  const text = shownTail(tail, LONGEST_OUTPUT).trimEnd()
  if (text === '') return ''
  const all = bytes === undefined || bytes <= Buffer.byteLength(tail)
  const cut = all ? '' : `[the last of ${bytes} bytes]\n`
  return name === 'stderr' ? `[stderr]\n${cut}${text}` : `${cut}${text}`
}

const beginnings = { cold: 'created', initrd: 'began in its initrd', fork: 'forked' } as const

function machineItems({ created, marks, destroyed }: MachineTrace): readonly TimelineItem[] {
  const m = shownLine(created.name, 60)
  const how = beginnings[created.origin]
  const moments = marks.map((mark): TimelineItem => {
    const at = mark.ms
    if (mark.type === 'machine.milestone')
      return { lane: 'machine', at, title: shownLine(mark.milestone, 80), m }
    const title = `ended: ${shownLine(mark.reason, 200)}`
    return { lane: 'machine', at, title, m, state: mark.expected ? 'ok' : 'failed' }
  })
  const gone =
    destroyed === undefined ? [] : [{ lane: 'machine' as const, at: destroyed.ms, title: 'destroyed', m }]
  return [
    { lane: 'machine', at: created.ms, title: `${how} on ${shownLine(created.platform, 40)}`, m },
    ...moments,
    ...gone,
  ]
}

function momentOf(event: TraceEvent): readonly TimelineItem[] {
  if (event.type === 'log') {
    const state = event.level === 'warning' ? ('warned' as const) : undefined
    return [{ lane: 'log', at: event.ms, title: shownLine(event.message, 2000), ...(state && { state }) }]
  }
  if (event.type !== 'subtest.finished') return []
  const { ms, durationMs, name, outcome, message } = event
  const state = outcome === 'passed' ? 'ok' : outcome === 'failed' ? 'failed' : 'skipped'
  return [
    {
      lane: 'subtest',
      at: tenths(Math.max(0, ms - (durationMs ?? 0))),
      ...(durationMs === undefined ? {} : { end: ms }),
      title: shownLine(name),
      state,
      ...(message === undefined ? {} : { text: shown(message, 4096) }),
    },
  ]
}

/** Events have tenths of milliseconds. */
function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
