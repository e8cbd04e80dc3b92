// A run of which only its record is left, as the events that the record still tells of: attempts, their phases one after the
// other, their machines and files. What the record does not know is not made up.

import { EVENT_VERSION, type EventBody, type SignalboxEvent } from '../../harness/events.ts'
import type { AttemptSummary, RunSummary } from '../run-summary.ts'

/** In the order of the clock. */
export function recordEvents(run: RunSummary): readonly SignalboxEvent[] {
  const timed: (readonly [ms: number, body: EventBody])[] = [
    [0, { type: 'log', level: 'info', message: 'made from the record' }],
    ...run.tests.flatMap(({ test, attempts }) => attempts.flatMap((attempt) => attemptEvents(test, attempt))),
    ...run.machines.flatMap((machine) => {
      const { attempts, milestones, exit: _exit, destroyed: _destroyed, ...created } = machine
      const ms = startOf(run, attempts[0])
      return [
        [ms, { type: 'machine.created', attempts, ...created }] as const,
        ...milestones.map(
          ({ milestone, sinceMs }) =>
            [
              ms + sinceMs,
              { type: 'machine.milestone', machine: machine.machine, milestone, sinceMs },
            ] as const,
        ),
      ]
    }),
  ]
  const epochMs = Date.parse(run.startedAt)
  return timed
    .toSorted(([a], [b]) => a - b)
    .map(([ms, body], index) => ({
      v: EVENT_VERSION,
      run: run.run,
      seq: index + 1,
      at: new Date(epochMs + ms).toISOString(),
      ms,
      ...body,
    }))
}

function startOf(run: RunSummary, of: { readonly test: string; readonly n: number } | undefined): number {
  const test = run.tests.find((each) => each.test === of?.test)
  return test?.attempts.find(({ n }) => n === of?.n)?.startedMs ?? 0
}

function attemptEvents(test: string, summary: AttemptSummary): readonly (readonly [number, EventBody])[] {
  const attempt = { test, n: summary.n }
  let ms = summary.startedMs
  const phases = summary.phases.flatMap(({ phase, durationMs, ok }) => {
    const from = ms
    ms += durationMs ?? 0
    const started: EventBody = { type: 'phase.started', attempt, phase, timeoutMs: 0 }
    const finished: EventBody = {
      type: 'phase.finished',
      attempt,
      phase,
      durationMs: durationMs ?? 0,
      ok: ok === true,
    }
    return durationMs === null
      ? [[from, started] as const]
      : [[from, started] as const, [ms, finished] as const]
  })
  const end = summary.startedMs + summary.durationMs
  return [
    [summary.startedMs, { type: 'attempt.started', attempt }],
    ...phases,
    ...(summary.subtests ?? []).map((subtest): readonly [number, EventBody] => [
      end,
      { type: 'subtest.finished', attempt, ...subtest },
    ]),
  ]
}
