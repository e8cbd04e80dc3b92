import { expect, test } from 'vitest'
import type { SignalboxEvent } from '../events.ts'
import { updateTimeline } from './update-timeline.ts'

const MIB = 1024 * 1024

function events(n: number, failing?: string): readonly SignalboxEvent[] {
  const attempt = { test: 'update.reach', n }
  const steps = ['offer', 'download and write', 'reboot'].flatMap((title, index) => [
    { type: 'step.started', attempt, step: `${n}/${index}`, category: 'test.step', title },
    ...(title === 'download and write'
      ? [
          {
            type: 'update.request',
            attempt,
            bytes: 10 * MIB,
            method: 'GET',
            path: '/x',
            end: 'answered',
            durationMs: 1,
          },
        ]
      : []),
    {
      type: 'step.started',
      attempt,
      step: `${n}/${index}/inside`,
      category: 'upload',
      title: 'write /etc/x',
    },
    {
      type: 'step.finished',
      attempt,
      step: `${n}/${index}`,
      durationMs: 5000 * n,
      ...(title === failing ? { error: 'no' } : {}),
    },
  ])
  return steps as unknown as readonly SignalboxEvent[]
}

test('the steps of the last attempt, with what was transferred', () => {
  expect(updateTimeline([...events(1), ...events(2, 'reboot')], 'update.reach')).toEqual([
    { title: 'offer', durationMs: 10_000, detail: '', failed: false },
    { title: 'download and write', durationMs: 10_000, detail: '10.0 MiB, 1.0 MiB/s', failed: false },
    { title: 'reboot', durationMs: 10_000, detail: '', failed: true },
  ])
})

test('no attempt, no timeline', () => {
  expect(updateTimeline([], 'update.reach')).toEqual([])
})
