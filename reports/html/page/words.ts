// How outcomes, verdicts and amounts are said and drawn. Each state has a sign of its own: colour alone says nothing.

import type { Outcome, Verdict } from '../../../harness/model.ts'
import type { Lane } from '../data.ts'

export type State = Verdict | Outcome | 'unfinished'

const signs: Readonly<Record<State, string>> = {
  passed: '✓',
  flaky: '≈',
  warned: '!',
  failed: '✕',
  infra: '▲',
  harness: '▲',
  skipped: '–',
  missing: '?',
  unfinished: '?',
}

/** The sign of a state. */
export function signOf(state: State): string {
  return signs[state]
}

/** The worst first. */
export const verdictsByWeight: readonly Verdict[] = [
  'failed',
  'missing',
  'infra',
  'flaky',
  'warned',
  'passed',
  'skipped',
]

export const lanes: readonly { readonly lane: Lane; readonly name: string }[] = [
  { lane: 'phase', name: 'Phases' },
  { lane: 'step', name: 'Steps' },
  { lane: 'fault', name: 'Faults' },
  { lane: 'command', name: 'Commands' },
  { lane: 'request', name: 'Update server' },
  { lane: 'machine', name: 'Machine' },
  { lane: 'subtest', name: 'Subtests' },
  { lane: 'log', name: 'Log' },
  { lane: 'journal', name: 'Journal' },
  { lane: 'console', name: 'Console' },
]

/** `340 ms`, `4.2 s`, `3 min 20 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}

/** A measured value with its unit, to four digits; milliseconds as a duration. */
export function valueText(value: number, unit: string): string {
  if (unit === 'ms') return duration(value)
  return `${Number(value.toPrecision(4)).toLocaleString('en')} ${unit}`.trim()
}

/** A place on the clock, as fine as `step` asks: `1:02.350`. */
export function clock(ms: number, step = 1): string {
  const digits = step >= 1000 ? 0 : step >= 100 ? 1 : step >= 10 ? 2 : 3
  const sign = ms < 0 ? '-' : ''
  const seconds = Math.abs(ms) / 1000
  const minutes = Math.floor(seconds / 60)
  const rest = (seconds - minutes * 60).toFixed(digits)
  return minutes === 0
    ? `${sign}${rest} s`
    : `${sign}${minutes}:${rest.padStart(digits === 0 ? 2 : digits + 3, '0')}`
}

/** `12 KiB`. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 * 1024) return `${Math.ceil(bytes / 1024)} KiB`
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}

/** `2026-11-28 14:10:01 UTC`. */
export function moment(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
}

/** `1 test`, `2 tests`. */
export function count(n: number, what: string): string {
  return `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`
}
