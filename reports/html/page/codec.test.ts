// Items that were packed are the same when they come out.

import { expect, test } from 'vitest'
import type { TimelineItem } from '../data.ts'
import { packItems, unpackItems } from './codec.ts'

test('every kind of item comes out as it went in', () => {
  const items: readonly TimelineItem[] = [
    { lane: 'machine', at: -1200, title: 'created on qemu', m: 'template' },
    { lane: 'phase', at: 0, end: 12, title: 'acquire', state: 'ok' },
    { lane: 'phase', at: 12, end: null, title: 'body' },
    { lane: 'step', at: 13, end: 13, title: 'nothing', state: 'skipped', depth: 2 },
    { lane: 'command', at: 13, end: 90, title: 'true', state: 'warned', m: 'm1', text: 'out\n[exit 1]' },
    { lane: 'fault', at: 14, end: 15, title: 'cut m1', state: 'failed' },
    { lane: 'subtest', at: 15, title: 'part' },
    { lane: 'log', at: 16, title: '' },
    { lane: 'journal', at: 17, title: 'systemd[1]: 🚦', m: 'm0', state: 'failed' },
    { lane: 'console', at: 17, title: 'line', m: 'm0', about: true },
  ]
  expect(unpackItems(JSON.parse(JSON.stringify(packItems(items))))).toEqual(items)
  expect(unpackItems(packItems([]))).toEqual([])
})
