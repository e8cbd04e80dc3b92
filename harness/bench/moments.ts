// Moments of a run, found in its events: milliseconds since the run began.

import type { EventBody, EventOf, SignalboxEvent } from '../events.ts'

type Events = readonly SignalboxEvent[]

/** The first event of a type that fits. Throws when there is none. */
export function findEvent<T extends EventBody['type']>(
  events: Events,
  type: T,
  fits: (event: EventOf<T>) => boolean = () => true,
): EventOf<T> {
  const found = events.find((event): event is EventOf<T> => event.type === type && fits(event as EventOf<T>))
  if (found === undefined) throw new Error(`the run has no fitting ${type} event`)
  return found
}

/** When a machine reached a milestone; without a machine: the first that did. */
export function milestoneMs(events: Events, milestone: string, machine?: string): number {
  return findEvent(
    events,
    'machine.milestone',
    (event) => event.milestone === milestone && (machine === undefined || event.machine === machine),
  ).ms
}

/** When the first attempt began a phase. */
export function phaseStartMs(events: Events, phase: string): number {
  return findEvent(events, 'phase.started', (event) => event.phase === phase).ms
}

/** From the plan to the last verdict. */
export function planToEndMs(events: Events): number {
  const end = Math.max(...events.map((event) => (event.type === 'test.finished' ? event.ms : 0)))
  return end - findEvent(events, 'run.planned').ms
}

/** The first machine that was forked. Throws when all were booted. */
export function firstFork(events: Events): EventOf<'machine.created'> {
  return findEvent(events, 'machine.created', ({ origin }) => origin === 'fork')
}

/** When the last of so many machines has answered its first command of the test. */
export function answeredMs(events: Events, machines: number): number {
  const bodyMs = phaseStartMs(events, 'body')
  const first = new Map<string, number>()
  for (const event of events) {
    if (event.type !== 'command.finished' || event.ms < bodyMs || first.has(event.machine)) continue
    first.set(event.machine, event.ms)
  }
  if (first.size !== machines) throw new Error(`${first.size} of ${machines} machines have answered`)
  return Math.max(...first.values())
}
