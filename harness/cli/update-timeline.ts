// How long each part of an update took, read from the events of a run. Pure.

import type { SignalboxEvent } from '../events.ts'

export interface TimelineRow {
  readonly title: string
  readonly durationMs: number
  /** What the update server sent in that time. */
  readonly bytes: number
  readonly failed: boolean
}

/** The outer steps of the last attempt of a test, in order; how much was transferred is told beside where that was. */
export function updateTimeline(events: readonly SignalboxEvent[], test: string): readonly TimelineRow[] {
  const started = events
    .filter((event) => event.type === 'step.started')
    .filter(({ attempt }) => attempt.test === test)
  const last = Math.max(...started.map(({ attempt }) => attempt.n))
  const requests = events
    .filter((event) => event.type === 'update.request')
    .filter(({ attempt }) => attempt.test === test && attempt.n === last)
  return started
    .filter(
      ({ attempt, category, parent }) =>
        attempt.n === last && category === 'test.step' && parent === undefined,
    )
    .flatMap(({ step, title, ms }): readonly TimelineRow[] => {
      const finished = events.find((event) => event.type === 'step.finished' && event.step === step)
      if (finished?.type !== 'step.finished') return []
      const { durationMs, error } = finished
      const bytes = requests
        .filter((request) => request.ms > ms && request.ms <= finished.ms)
        .reduce((sum, request) => sum + request.bytes, 0)
      return [{ title, durationMs, bytes, failed: error !== undefined }]
    })
}
