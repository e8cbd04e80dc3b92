// Spans and moments as they are written on a command line.

import { expect, it } from 'vitest'
import { momentMs } from './moment.ts'

const NOW = Date.UTC(2026, 10, 28, 12)

it.each([
  ['90d', '2026-08-30T12:00:00.000Z'],
  ['12h', '2026-11-28T00:00:00.000Z'],
  ['2w', '2026-11-14T12:00:00.000Z'],
  ['30m', '2026-11-28T11:30:00.000Z'],
  ['2026-11-01', '2026-11-01T00:00:00.000Z'],
  ['2026-11-01T06:30:00Z', '2026-11-01T06:30:00.000Z'],
])('%s', (text, moment) => {
  expect(new Date(momentMs(text, NOW)).toISOString()).toBe(moment)
})

it.each(['', '90', 'd', '-3d', '3y', '2026-13-01', '2026-11', 'yesterday', '1e3d'])('not "%s"', (text) => {
  expect(() => momentMs(text, NOW)).toThrow(/span like 12h/)
})
