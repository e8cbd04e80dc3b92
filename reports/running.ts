// What is running at this moment, for the live region and the heartbeat: a small fold over the same events, with the
// reader's own clock.

import type { AttemptRef, EventOf, SignalboxEvent } from '../harness/events.ts'
import { oneLine } from '../harness/hostile-text.ts'
import type { Phase } from '../harness/model.ts'
import { cellLabel, isTemplate, plural } from './list-lines.ts'

interface RunningAttempt {
  readonly run: string
  /** The name of its target, where there are several. */
  readonly cell: string | undefined
  readonly ref: AttemptRef
  readonly group: string | undefined
  readonly audit: boolean
  readonly startedAt: number
  phase: Phase | undefined
  milestone: string | undefined
  /** Tests that will fork the template that it makes now; 0 when it makes none. */
  templateFor: number
  readonly steps: Map<string, string>
}

/** One line of the region: an attempt, or the tests of a group while they share a boot. */
interface RunningItem {
  readonly name: string
  readonly phase: string
  readonly detail: string
  readonly elapsedMs: number
}

export interface Running {
  add(event: SignalboxEvent): void
  items(now: number): readonly RunningItem[]
}

export function createRunning(now: () => number): Running {
  const attempts = new Map<string, RunningAttempt>()
  const machines = new Map<string, EventOf<'machine.created'>>()
  const cells = new Map<string, string>()
  const forEachOf = (machine: string, change: (running: RunningAttempt) => void): void => {
    const created = machines.get(machine)
    for (const ref of created?.attempts ?? []) {
      const running = find(created?.run ?? '', ref)
      if (running !== undefined) change(running)
    }
  }
  const find = (run: string, ref: AttemptRef): RunningAttempt | undefined => attempts.get(keyOf({ run, ref }))
  return {
    add(event) {
      switch (event.type) {
        case 'attempt.started':
          attempts.set(keyOf({ run: event.run, ref: event.attempt }), {
            run: event.run,
            cell: cells.get(event.run),
            ref: event.attempt,
            group: event.group,
            audit: event.audit === true,
            startedAt: now(),
            phase: undefined,
            milestone: undefined,
            templateFor: 0,
            steps: new Map(),
          })
          return
        case 'attempt.finished':
          attempts.delete(keyOf({ run: event.run, ref: event.attempt }))
          return
        case 'test.finished':
          for (const [key, { run, ref }] of attempts)
            if (run === event.run && ref.test === event.test) attempts.delete(key)
          return
        case 'phase.started': {
          const running = find(event.run, event.attempt)
          if (running !== undefined) running.phase = event.phase
          return
        }
        case 'step.started':
          find(event.run, event.attempt)?.steps.set(event.step, event.title)
          return
        case 'step.finished':
          find(event.run, event.attempt)?.steps.delete(event.step)
          return
        case 'machine.created':
          machines.set(event.machine, event)
          forEachOf(event.machine, (running) => {
            running.templateFor = isTemplate(event) ? event.attempts.length : 0
            running.milestone = undefined
          })
          return
        case 'machine.milestone':
          forEachOf(event.machine, (running) => (running.milestone = event.milestone))
          return
        case 'machine.destroyed':
          forEachOf(event.machine, (running) => (running.templateFor = 0))
          machines.delete(event.machine)
          return
        case 'run.started':
          if (event.cell !== undefined) cells.set(event.run, event.cell)
          return
        case 'run.planned':
        case 'run.notice':
        case 'run.interrupted':
        case 'run.aborted':
        case 'run.finished':
        case 'phase.finished':
        case 'machine.identified':
        case 'machine.exited':
        case 'command.finished':
        case 'log':
        case 'attachment':
        case 'metric':
        case 'subtest.finished':
        case 'update.request':
          return
        default:
          event satisfies never
      }
    },
    items: (at) => itemsOf([...attempts.values()], at),
  }
}

function keyOf({ run, ref }: Pick<RunningAttempt, 'run' | 'ref'>): string {
  return `${run} ${ref.n} ${ref.test}`
}

/** Attempts of one group that wait for their boot are one item. */
function itemsOf(attempts: readonly RunningAttempt[], now: number): readonly RunningItem[] {
  const items = new Map<string, { readonly first: RunningAttempt; tests: number }>()
  for (const running of attempts) {
    const booting = running.phase === undefined || running.phase === 'acquire' || running.phase === 'ready'
    const key =
      booting && running.group !== undefined
        ? `group ${running.run} ${running.group}`
        : `test ${keyOf(running)}`
    const item = items.get(key)
    if (item === undefined) items.set(key, { first: running, tests: 1 })
    else item.tests++
  }
  return [...items.values()].map(({ first, tests }) => ({
    name: nameOf(first, tests),
    phase: first.phase ?? 'queued',
    detail: detailOf(first),
    elapsedMs: now - first.startedAt,
  }))
}

function nameOf(running: RunningAttempt, tests: number): string {
  const { ref, group, audit, templateFor } = running
  const label = cellLabel(running.cell)
  if (templateFor > 0) return `${label}template for ${plural(templateFor, 'test')}`
  if (tests > 1) return `${label}${oneLine(group ?? '', 100)} (${plural(tests, 'test')})`
  const which = audit ? ' (cold boot, to confirm)' : ref.n > 1 ? ` (attempt ${ref.n})` : ''
  return `${label}${oneLine(ref.test, 200)}${which}`
}

function detailOf(running: RunningAttempt): string {
  if (running.phase === 'acquire' || running.phase === 'ready') return oneLine(running.milestone ?? '', 80)
  return oneLine([...running.steps.values()].at(-1) ?? '', 120)
}
