// Run records, policies and keys for the tests of the gate. Records come from events, as those of real runs do.

import type { EventBody } from '../../harness/events.ts'
import type { Failure, Outcome, PlannedTest } from '../../harness/model.ts'
import { countVerdicts, exitCodeOf, verdictOf } from '../../harness/verdict.ts'
import { planDigest } from '../../harness/plan-digest.ts'
import { jsonText } from '../json.ts'
import type { RunSummary } from '../run-summary.ts'
import {
  ended,
  hardFailure,
  image,
  judged,
  planned,
  started,
  stream,
  target,
} from '../sample-events.test.data.ts'
import { summarize } from '../summarize.ts'
import { inputFile, type InputFile } from './input-file.ts'
import { parsePolicy } from './read-policy.ts'
import type { DecisionView, GateRun } from './view.ts'
import { gateRunOf } from './from-record.ts'

/** The image that most records are of. */
export const DIGEST = `sha256:${'ab'.repeat(32)}`
export const OTHER_DIGEST = `sha256:${'cd'.repeat(32)}`
export const NOW = '2026-03-01T12:00:00.000Z'

/** `F:message` fails with another message; `M12.5` measured `boot.running` and passed, `Mname=12.5` another metric. */
export type Attempt = 'P' | 'F' | 'I' | `F:${string}` | `M${number}` | `M${string}=${number}`

export interface RecordOptions {
  readonly run?: string
  /** ISO 8601; default: an hour before NOW. */
  readonly at?: string
  readonly digest?: string
  readonly version?: string
  readonly target?: string
  readonly channel?: string
  readonly command?: readonly string[]
  readonly shard?: { readonly index: number; readonly count: number }
  readonly repeat?: number
  readonly tags?: readonly string[]
  /** Attempts by test; a text is why it is skipped; none: missing. */
  readonly tests: Readonly<Record<string, readonly Attempt[] | string>>
  readonly knownFailures?: readonly string[]
}

/** The summary of a run. */
export function recordOf(options: RecordOptions): RunSummary {
  const { tests, run = 'run-1', at = '2026-03-01T11:00:00.000Z' } = options
  const { digest = DIGEST, version = '4500.1.0', channel = 'alpha', command = ['signalbox', 'run'] } = options
  const name = options.target ?? `qemu-x86_64-uefi-${channel}`
  const plan = {
    target: { ...target, name, channel, version },
    image: { ...image, digest, version, channel },
    tests: Object.entries(tests).map(([test, attempts]) => plannedTest(test, attempts, options)),
  }
  const repeat = options.repeat === undefined ? {} : { repeat: options.repeat }
  const bodies: EventBody[] = [
    {
      type: 'run.started',
      command,
      tool: { name: 'signalbox', version: '0.1.0' },
      host: { kernel: '6.1', cpus: 2 },
    },
    {
      type: 'run.planned',
      ...plan,
      digest: planDigest({ ...plan, ...repeat }),
      jobs: 2,
      budget: { memoryMiB: 4096, cpus: 2 },
      ...(options.shard === undefined ? {} : { shard: options.shard }),
      ...repeat,
    },
  ]
  const verdicts = Object.entries(tests).map(([test, attempts]) => {
    const known = options.knownFailures?.includes(test) === true ? 'warn' : undefined
    const outcomes = typeof attempts === 'string' ? (['skipped'] as const) : attempts.map(outcomeOf)
    const verdict = verdictOf(outcomes, known)
    if (typeof attempts !== 'string')
      bodies.push(...attempts.flatMap((each, index) => attempt(test, each, index + 1)))
    if (outcomes.length > 0) bodies.push(judged(test, verdict, 3000, outcomes.length))
    return verdict
  })
  const counts = countVerdicts(verdicts)
  bodies.push({
    type: 'run.finished',
    verdicts: counts,
    exitCode: exitCodeOf(counts, 'finished'),
    durationMs: bodies.length * 1000,
  })
  const startMs = Date.parse(at) - Date.UTC(2026, 0, 2, 3, 4, 5)
  const events = stream(
    bodies.map((body, index) => [index * 1000, body] as const),
    { run, startMs },
  )
  const [summary] = summarize(events).runs
  if (summary === undefined) throw new Error('no run')
  return summary
}

/** The text of `run.json`. */
export function recordText(...options: readonly RecordOptions[]): string {
  const runs = options.map(recordOf)
  return jsonText({ ...summarize([]), runs })
}

export function gateRun(options: RecordOptions): GateRun {
  const run = gateRunOf(recordOf(options), '00'.repeat(32))
  if (run === undefined) throw new Error('no plan')
  return run
}

/** A view of these runs under this policy; everything else is empty. */
export function viewOf(
  policy: string,
  runs: readonly GateRun[],
  more: Partial<DecisionView> = {},
): DecisionView {
  const parsed = parsePolicy(policy, 'policy.yaml')
  return {
    channel: parsed.channel,
    images: [DIGEST],
    now: NOW,
    policy: parsed,
    keys: Object.fromEntries(Object.keys(parsed.signers).map((name) => [name, `key-of-${name}`])),
    runs,
    baseline: [],
    history: [],
    ledger: [],
    waivers: [],
    approvals: [],
    attestations: [],
    inputs: [],
    ...more,
  }
}

export function runFile(...options: readonly RecordOptions[]): InputFile {
  return inputFile('run', 'run.json', recordText(...options))
}

function outcomeOf(what: Attempt): Outcome {
  if (what === 'I') return 'infra'
  return what.startsWith('F') ? 'failed' : 'passed'
}

function plannedTest(
  test: string,
  attempts: readonly Attempt[] | string,
  { tags = [], knownFailures = [] }: RecordOptions,
): PlannedTest {
  const known = { mode: 'warn', pattern: test, reason: 'known', source: 'known.yaml:1' } as const
  return planned(test, {
    tags,
    ...(typeof attempts === 'string' ? { expectation: { kind: 'skip', reason: attempts } } : {}),
    ...(knownFailures.includes(test) ? { knownFailure: known } : {}),
  })
}

function attempt(test: string, what: Attempt, n: number): readonly EventBody[] {
  const outcome = outcomeOf(what)
  const message = what.startsWith('F:') ? what.slice(2) : 'expected "a" to be "b"'
  const failure: Failure = { ...hardFailure, message }
  const [, name = 'boot.running', value] = /^M(?:(.+)=)?([\d.]+)$/.exec(what) ?? []
  const metric: readonly EventBody[] =
    value === undefined
      ? []
      : [{ type: 'metric', attempt: { test, n }, name, value: Number(value), unit: 'ms' }]
  return [started(test, n), ...metric, ended(test, outcome, outcome === 'failed' ? [failure] : [], { n })]
}
