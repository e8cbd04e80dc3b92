// Spans and moments on the command line: `90d` is 90 days before now, `2026-11-28` that day's beginning, UTC.

import { InvalidArgumentError } from 'commander'

const UNITS_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Milliseconds since 1970. Throws commander's InvalidArgumentError for anything else. */
export function momentMs(value: string, nowMs: number = Date.now()): number {
  const [, count, unit = ''] = /^(\d{1,6})([mhdw])$/.exec(value.trim()) ?? []
  if (count !== undefined) return nowMs - Number(count) * (UNITS_MS[unit] ?? 0)
  if (/^\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z)?$/.test(value.trim())) {
    const moment = Date.parse(value.trim())
    if (!Number.isNaN(moment)) return moment
  }
  throw new InvalidArgumentError('It must be a span like 12h, 30d or 8w, or a date like 2026-11-28.')
}
