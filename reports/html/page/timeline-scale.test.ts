// The window of time, its ticks and its rows.

import { expect, test } from 'vitest'
import { binned, moved, packRows, ticksOf, zoomed } from './timeline-scale.ts'

const whole = { from: 0, to: 1000 }

test('zooming keeps the moment under the pointer in its place', () => {
  const span = zoomed(whole, whole, 250, 0.5)
  expect(span).toEqual({ from: 125, to: 625 })
  expect((250 - span.from) / (span.to - span.from)).toBeCloseTo(0.25)
})

test('nothing is shown beyond the whole, nor less than two milliseconds', () => {
  expect(zoomed({ from: 900, to: 1000 }, whole, 1000, 4)).toEqual({ from: 600, to: 1000 })
  expect(moved({ from: 0, to: 100 }, whole, -1)).toEqual({ from: 0, to: 100 })
  const close = zoomed({ from: 10, to: 12 }, whole, 11, 0.1)
  expect(close.to - close.from).toBe(2)
})

test('ticks are round and count from zero', () => {
  expect(ticksOf({ from: 95, to: 1105 }, 100, 10)).toEqual({
    step: 200,
    at: [100, 300, 500, 700, 900, 1100],
  })
})

test('what overlaps stands in rows, what finds none in the last', () => {
  const item = (from: number, to: number): { from: number; to: number } => ({ from, to })
  expect(packRows([item(0, 10), item(5, 8), item(8, 9), item(6, 20), item(10, 12)], 2)).toEqual([
    0, 1, 1, 1, 0,
  ])
})

test('lines are counted where they begin', () => {
  const bins = binned([{ at: 0 }, { at: 99 }, { at: 100 }, { at: 1000 }, { at: 2000 }], whole, 10)
  expect(bins.map((bin) => bin.length)).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 1])
})
