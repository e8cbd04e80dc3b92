// What is running at this moment, for the live region and the heartbeat: a small fold over the same events, with the
// reader's own clock.

import { formatSeconds } from '../harness/deadline.ts'
import type { AttemptRef, SignalboxEvent } from '../harness/events.ts'
import { oneLine } from '../harness/hostile-text.ts'
import type { Phase, Verdict } from '../harness/model.ts'
import { plural, verdictPaint } from './list-lines.ts'
import type { Look } from './terminal.ts'
import { cutToWidth, textWidth } from './text-width.ts'

interface RunningAttempt {
  readonly ref: AttemptRef
  readonly group: string | undefined
  readonly startedAt: number
  phase: Phase | undefined
  milestone: string | undefined
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
  const machines = new Map<string, readonly AttemptRef[]>()
  const find = (ref: AttemptRef): RunningAttempt | undefined => attempts.get(keyOf(ref))
  return {
    add(event) {
      switch (event.type) {
        case 'attempt.started':
          attempts.set(keyOf(event.attempt), {
            ref: event.attempt,
            group: event.group,
            startedAt: now(),
            phase: undefined,
            milestone: undefined,
            steps: new Map(),
          })
          return
        case 'attempt.finished':
          attempts.delete(keyOf(event.attempt))
          return
        case 'test.finished':
          for (const [key, running] of attempts) if (running.ref.test === event.test) attempts.delete(key)
          return
        case 'phase.started': {
          const running = find(event.attempt)
          if (running !== undefined) running.phase = event.phase
          return
        }
        case 'step.started':
          find(event.attempt)?.steps.set(event.step, event.title)
          return
        case 'step.finished':
          find(event.attempt)?.steps.delete(event.step)
          return
        case 'machine.created':
          machines.set(event.machine, event.attempts)
          return
        case 'machine.milestone':
          for (const ref of machines.get(event.machine) ?? []) {
            const running = find(ref)
            if (running !== undefined) running.milestone = event.milestone
          }
          return
        case 'machine.destroyed':
          machines.delete(event.machine)
          return
        case 'run.started':
        case 'run.planned':
        case 'run.notice':
        case 'run.interrupted':
        case 'run.finished':
        case 'phase.finished':
        case 'machine.exited':
        case 'command.finished':
        case 'log':
        case 'attachment':
          return
        default:
          event satisfies never
      }
    },
    items: (at) => itemsOf([...attempts.values()], at),
  }
}

function keyOf(ref: AttemptRef): string {
  return `${ref.n} ${ref.test}`
}

/** Attempts of one group that wait for their boot are one item. */
function itemsOf(attempts: readonly RunningAttempt[], now: number): readonly RunningItem[] {
  const items = new Map<string, { readonly first: RunningAttempt; tests: number }>()
  for (const running of attempts) {
    const booting = running.phase === undefined || running.phase === 'acquire' || running.phase === 'ready'
    const key =
      booting && running.group !== undefined ? `group ${running.group}` : `test ${keyOf(running.ref)}`
    const item = items.get(key)
    if (item === undefined) items.set(key, { first: running, tests: 1 })
    else item.tests++
  }
  return [...items.values()].map(({ first, tests }) => ({
    name:
      tests === 1
        ? `${oneLine(first.ref.test, 200)}${first.ref.n > 1 ? ` (attempt ${first.ref.n})` : ''}`
        : `${oneLine(first.group ?? '', 100)} (${plural(tests, 'test')})`,
    phase: first.phase ?? 'queued',
    detail: detailOf(first),
    elapsedMs: now - first.startedAt,
  }))
}

function detailOf(running: RunningAttempt): string {
  if (running.phase === 'acquire' || running.phase === 'ready') return oneLine(running.milestone ?? '', 80)
  return oneLine([...running.steps.values()].at(-1) ?? '', 120)
}

/** Elapsed time is shown from here on: what takes less needs no clock. */
const SHOW_TIME_FROM_MS = 2000

/** The lines of the live region, none wider than `columns - 1`, at most `rows - 2`. */
export function regionLines(
  running: Running,
  totals: {
    readonly planned: number
    readonly verdicts: Readonly<Record<Verdict, number>>
    readonly elapsedMs: number
    readonly now: number
  },
  size: { readonly columns: number; readonly rows: number },
  look: Look,
): readonly string[] {
  const items = running.items(totals.now)
  const room = Math.max(1, size.rows - 4)
  const shown = items.length > room ? items.slice(0, room - 1) : items
  const width = Math.max(10, size.columns - 1)
  const nameWidth = Math.min(
    Math.floor(width / 2),
    shown.reduce((max, item) => Math.max(max, textWidth(item.name)), 0),
  )
  const frame = Math.floor(totals.now / 100) % look.symbols.spinner.length
  const spinner = look.colors.cyan(look.symbols.spinner[frame] ?? '')
  const lines = shown.map((item) => {
    const name = cutToWidth(item.name, nameWidth)
    const padded = name + ' '.repeat(nameWidth - textWidth(name))
    const rest = [
      item.phase.padEnd(8),
      item.detail,
      item.elapsedMs < SHOW_TIME_FROM_MS ? '' : formatSeconds(item.elapsedMs),
    ]
      .filter((part) => part !== '')
      .join('  ')
    return `  ${spinner} ${padded}  ${look.colors.dim(cutToWidth(rest, Math.max(0, width - nameWidth - 6)).trimEnd())}`
  })
  const left = items.length - shown.length
  return [
    ...(items.length === 0 ? [] : ['']),
    ...lines,
    ...(left === 0 ? [] : [look.colors.dim(`    ${look.encode('…')} and ${left} more`)]),
    '',
    footerLine(items.length, totals, width, look),
  ]
}

const BAR_WIDTH = 24

function footerLine(
  running: number,
  totals: {
    readonly planned: number
    readonly verdicts: Readonly<Record<Verdict, number>>
    readonly elapsedMs: number
  },
  width: number,
  look: Look,
): string {
  const { colors, symbols } = look
  const { verdicts, planned } = totals
  const done = Object.values(verdicts).reduce((sum, count) => sum + count, 0)
  const filled = planned === 0 ? 0 : Math.min(BAR_WIDTH, Math.floor((BAR_WIDTH * done) / planned))
  const worst: readonly Verdict[] = ['failed', 'infra', 'flaky']
  const parts = [
    { text: `${done}/${planned}`, paint: colors.bold },
    { text: `${running} running`, paint: colors.dim },
    ...worst
      .filter((verdict) => verdicts[verdict] > 0)
      .map((verdict) => ({
        text: `${verdicts[verdict]} ${verdict}`,
        paint: verdictPaint(colors, verdict),
      })),
    { text: formatSeconds(totals.elapsedMs), paint: colors.dim },
  ]
  const plain = parts.map((part) => part.text).join('  ')
  const room = width - plain.length - 4
  const bar =
    room < BAR_WIDTH
      ? ''
      : `${(verdicts.failed > 0 ? colors.red : colors.green)(symbols.done.repeat(filled))}${colors.dim(symbols.todo.repeat(BAR_WIDTH - filled))}  `
  return plain.length + 2 > width
    ? `  ${cutToWidth(plain, width - 2)}`
    : `  ${bar}${parts.map((part) => part.paint(part.text)).join('  ')}`
}

/** One line for a log that has been silent for long. */
export function heartbeatLine(running: Running, now: number, elapsedMs: number, look: Look): string {
  const items = running
    .items(now)
    .slice(0, 6)
    .map(
      (item) =>
        `${item.name} (${item.phase}${item.detail === '' ? '' : `: ${item.detail}`}, ${formatSeconds(item.elapsedMs)})`,
    )
  const what = items.length === 0 ? 'waiting' : items.join(', ')
  return `  ${look.colors.dim(`… ${formatSeconds(elapsedMs)}: ${oneLine(what, 500)}`)}`
}
