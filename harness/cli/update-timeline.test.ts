import { expect, test } from 'vitest'
import type { SignalboxEvent } from '../events.ts'
import { updateTimeline } from './update-timeline.ts'

const MIB = 1024 * 1024

/** An attempt of two steps of five seconds each; 10 MiB are sent in the first one. */
function events(n: number, failing?: string): readonly SignalboxEvent[] {
  const attempt = { test: 'update.reach', n }
  const steps = ['write', 'reboot'].flatMap((title, index) => {
    const [ms, step] = [n * 60_000 + index * 5000, `${n}/${index}`]
    const inner = { attempt, step: `${step}/inside`, category: 'test.step', title: 'inside', parent: step }
    return [
      { type: 'step.started', ms, attempt, step, category: 'test.step', title },
      { type: 'step.started', ms: ms + 10, ...inner },
      { type: 'step.started', ms: ms + 20, attempt, step: `${step}/up`, category: 'upload', title: '/etc/x' },
      { type: 'step.finished', ms: ms + 30, attempt, step: inner.step, durationMs: 20 },
      ...(index === 0 ? [{ type: 'update.request', ms: ms + 4000, attempt, bytes: 10 * MIB }] : []),
      {
        type: 'step.finished',
        ms: ms + 5000,
        attempt,
        step,
        durationMs: 5000,
        ...(title === failing ? { error: 'no' } : {}),
      },
    ]
  })
  return steps as unknown as readonly SignalboxEvent[]
}

test('the outer steps of the last attempt, with what was sent in each', () => {
  expect(updateTimeline([...events(1), ...events(2, 'reboot')], 'update.reach')).toEqual([
    { title: 'write', durationMs: 5000, bytes: 10 * MIB, failed: false },
    { title: 'reboot', durationMs: 5000, bytes: 0, failed: true },
  ])
})

test('no attempt, no timeline', () => {
  expect(updateTimeline([], 'update.reach')).toEqual([])
})
