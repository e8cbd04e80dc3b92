// The text of what is running: the live region's lines, none of which may wrap, and the heartbeat of a log.

import { formatSeconds } from '../harness/deadline.ts'
import { oneLine } from '../harness/hostile-text.ts'
import type { Verdict } from '../harness/model.ts'
import { verdictPaint } from './list-lines.ts'
import type { Running } from './running.ts'
import type { Look } from './terminal.ts'
import { cutToWidth, textWidth } from './text-width.ts'

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
  const width = Math.max(7, size.columns - 1)
  const nameWidth = Math.min(
    Math.min(Math.floor(width / 2), width - 6),
    shown.reduce((max, item) => Math.max(max, textWidth(item.name)), 0),
  )
  const frame = Math.floor(totals.now / 100) % look.symbols.spinner.length
  const spinner = look.colors.cyan(look.symbols.spinner[frame] ?? '')
  const lines = shown.map((item) => {
    const name = cutToWidth(item.name, nameWidth)
    const padded = name + ' '.repeat(nameWidth - textWidth(name))
    const elapsed = item.elapsedMs < SHOW_TIME_FROM_MS ? '' : formatSeconds(item.elapsedMs)
    const rest = `${item.phase.padEnd(8)} ${elapsed.padStart(6)}  ${item.detail}`
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
  const worst: readonly Verdict[] = ['failed', 'infra', 'flaky', 'warned']
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
