// How long each part of an update took, read from the events of a run. Pure.

import type { SignalboxEvent } from '../events.ts'

export interface TimelineRow {
  readonly title: string
  readonly durationMs: number
  readonly detail: string
  readonly failed: boolean
}

const shown = ['offer', 'download and write', 'reboot', 'health', 'good', 'roll back']

/** The steps of the last attempt of a test, in order; what was transferred is told beside the download. */
export function updateTimeline(events: readonly SignalboxEvent[], test: string): readonly TimelineRow[] {
  const started = events
    .filter((event) => event.type === 'step.started')
    .filter(({ attempt }) => attempt.test === test)
  const last = Math.max(...started.map(({ attempt }) => attempt.n))
  const bytes = events
    .filter((event) => event.type === 'update.request')
    .filter(({ attempt }) => attempt.test === test && attempt.n === last)
    .reduce((sum, event) => sum + event.bytes, 0)
  return started
    .filter(
      ({ attempt, category, title }) =>
        attempt.n === last && category === 'test.step' && shown.includes(title),
    )
    .flatMap(({ step, title }): readonly TimelineRow[] => {
      const finished = events.find((event) => event.type === 'step.finished' && event.step === step)
      if (finished?.type !== 'step.finished') return []
      const { durationMs, error } = finished
      const detail = title === 'download and write' ? transferred(bytes, durationMs) : ''
      return [{ title, durationMs, detail, failed: error !== undefined }]
    })
}

function transferred(bytes: number, durationMs: number): string {
  const mib = bytes / (1024 * 1024)
  return `${mib.toFixed(1)} MiB, ${(mib / (durationMs / 1000)).toFixed(1)} MiB/s`
}
