// An event as the page of a live run gets it: in short, its texts plain and bounded. What the page does not show is left out.

import type { EventOf, SignalboxEvent } from '../../harness/events.ts'
import { shownLine } from '../html/shown-text.ts'
import type { LiveItem } from './data.ts'

/** The item of an event, or undefined for one that is not shown. */
export function liveItem(event: SignalboxEvent): LiveItem | undefined {
  const run = shownLine(event.run, 200)
  switch (event.type) {
    case 'run.started':
      return {
        k: 'run',
        run,
        at: event.at,
        ...(event.cell === undefined ? {} : { name: shownLine(event.cell, 200) }),
      }
    case 'run.planned': {
      const { target, image, tests } = event
      return {
        k: 'plan',
        run,
        name: shownLine(target.name, 200),
        image: shownLine(`${image.distro} ${image.version} (${image.channel})`, 200),
        planned: tests.filter(({ expectation }) => expectation.kind === 'run').length,
        skipped: tests.filter(({ expectation }) => expectation.kind === 'skip').length,
      }
    }
    case 'run.notice':
      return { k: 'notice', run, level: event.level, text: shownLine(event.message) }
    case 'run.interrupted':
      return { k: 'end', run, text: `interrupted by ${shownLine(event.signal, 40)}` }
    case 'run.aborted':
      return { k: 'end', run, text: `aborted: ${shownLine(event.message)}` }
    case 'run.finished':
      return { k: 'end', run, text: 'finished' }
    case 'attempt.started':
      return { k: 'attempt', run, ...refOf(event), ms: event.ms }
    case 'phase.started':
      return { k: 'doing', run, ...refOf(event), what: event.phase, ms: event.ms }
    case 'step.started':
      return { k: 'doing', run, ...refOf(event), what: shownLine(event.title, 200), ms: event.ms }
    case 'command.finished':
      return event.attempt === undefined
        ? undefined
        : {
            k: 'doing',
            run,
            ...refOf({ attempt: event.attempt }),
            what: `$ ${shownLine(event.command, 200)}`,
            ms: event.ms,
          }
    case 'attempt.finished':
      return {
        k: 'outcome',
        run,
        ...refOf(event),
        outcome: event.outcome,
        took: Math.round(event.durationMs),
        ...causeOf(event),
      }
    case 'test.finished':
      return {
        k: 'verdict',
        run,
        test: shownLine(event.test, 300),
        verdict: event.verdict,
        took: Math.round(event.durationMs),
        ...(event.reason === undefined ? {} : { text: shownLine(event.reason) }),
      }
    case 'phase.finished':
    case 'machine.created':
    case 'machine.milestone':
    case 'machine.identified':
    case 'machine.exited':
    case 'machine.destroyed':
    case 'step.finished':
    case 'log':
    case 'attachment':
    case 'metric':
    case 'subtest.finished':
    case 'update.request':
      return undefined
    default:
      return event satisfies never
  }
}

function refOf({ attempt }: Pick<EventOf<'attempt.started'>, 'attempt'>): {
  readonly test: string
  readonly n: number
} {
  return { test: shownLine(attempt.test, 300), n: attempt.n }
}

function causeOf({ failures, reason }: EventOf<'attempt.finished'>): { readonly text?: string } {
  const text = (failures.find(({ soft }) => soft !== true) ?? failures[0])?.message ?? reason
  return text === undefined ? {} : { text: shownLine(text) }
}
