// A history for the browser tests of the dashboard: three weeks of nightly runs on two images, with a test that flakes, one that
// broke, one that got slower, and one that is hostile in every word.

import type { EventBody } from '../events.ts'
import type { Failure } from '../model.ts'
import {
  ended,
  hardFailure,
  image,
  judged,
  planned,
  runFinished,
  runPlanned,
  runStarted,
  started,
  stream,
} from '../../reports/sample-events.test.data.ts'
import type { RunSummary } from '../../reports/index.ts'
import { summarize } from '../../reports/summarize.ts'
import { payloads } from './hostile-payloads.test.data.ts'
import { hostileTest } from './html-run.test.data.ts'

const DAY_MS = 86_400_000
/** When the streams of the sample events begin. */
const SAMPLE_MS = Date.UTC(2026, 0, 2, 3, 4, 5)

export const DAYS = 20

const hostileFailure: Failure = {
  ...hardFailure,
  message: payloads.join(' '),
  hint: payloads.join('\n'),
  evidence: payloads,
}

/** How a test went on a day: whether its attempts passed, and how long they took. */
interface Went {
  readonly attempts: readonly boolean[]
  readonly ms: number
  readonly failure?: Failure
}

function tests(day: number): Readonly<Record<string, Went>> {
  const isNew = day >= DAYS / 2
  return {
    'boot.usr': { attempts: [true], ms: 2000 + day * 10 },
    'update.resumes': { attempts: day % 4 === 1 ? [false, true] : [true], ms: 8000 },
    'update.slow': { attempts: [true], ms: isNew ? 9000 : 3000 },
    'ignition.files': { attempts: [!isNew], ms: 4000 },
    'network.old': { attempts: [false], ms: 500 },
    ...(isNew ? {} : { 'docker.gone': { attempts: [true], ms: 700 } }),
    [hostileTest]: { attempts: [false], ms: 100, failure: hostileFailure },
  }
}

/** One run a day until now, the older half on 1.0.0, the newer on 2.0.0. */
export function nightlyRuns(nowMs: number): readonly RunSummary[] {
  return Array.from({ length: DAYS }, (_, day) => {
    const events = stream(bodiesOf(day), {
      run: `nightly-${String(day).padStart(2, '0')}`,
      startMs: nowMs - (DAYS - day) * DAY_MS - SAMPLE_MS,
    })
    return summarize(events).runs
  }).flat()
}

function bodiesOf(day: number): readonly (readonly [ms: number, body: EventBody])[] {
  const all = Object.entries(tests(day))
  const version = day >= DAYS / 2 ? '2.0.0' : '1.0.0'
  const plan = runPlanned(all.map(([name]) => planned(name))) as Extract<EventBody, { type: 'run.planned' }>
  const attempts = all.flatMap(([name, { attempts: passes, ms, failure = hardFailure }]) => [
    ...passes.flatMap((passed, index) => {
      const n = index + 1
      const end = ended(name, passed ? 'passed' : 'failed', passed ? [] : [failure], {
        n,
        willRetry: n < passes.length,
      })
      return [
        [100 * n, started(name, n)] as const,
        [100 * n + ms, { ...end, durationMs: ms } as EventBody] as const,
      ]
    }),
    [
      20_000,
      judged(
        name,
        passes.at(-1) !== true ? 'failed' : passes.length > 1 ? 'flaky' : 'passed',
        ms,
        passes.length,
      ),
    ] as const,
  ])
  return [
    [0, runStarted()],
    [1, { ...plan, image: { ...image, version, digest: digestOf(version) } }],
    ...attempts,
    [30_000, runFinished({}, 1)],
  ]
}

/** Of an image of a version. */
export function digestOf(version: string): string {
  return `sha256:${Buffer.from(version.padEnd(32)).toString('hex')}`
}
