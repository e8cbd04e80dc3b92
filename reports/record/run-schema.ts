// The published JSON Schema (2020-12) of the run record, `run.json`. Unknown fields pass: a record may grow without a new
// version. `signalbox schema run` prints it; its tests keep it in line with the types in `run-summary.ts`.

import { RUN_SCHEMA } from '../run-summary.ts'

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
type Schema = { readonly [key: string]: Json }

const text: Schema = { type: 'string' }
const flag: Schema = { type: 'boolean' }
const number: Schema = { type: 'number' }
const count: Schema = { type: 'integer', minimum: 0 }
const milliseconds: Schema = { type: 'number', minimum: 0 }
const ref = (name: string): Schema => ({ $ref: `#/$defs/${name}` })
const list = (items: Schema): Schema => ({ type: 'array', items })
const words = (...values: readonly string[]): Schema => ({ enum: values })
const table = (values: Schema): Schema => ({ type: 'object', additionalProperties: values })
const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] })
const scalars = table({ type: ['string', 'number'] })

/** An object; names that end with `?` may be absent. */
function object(fields: Readonly<Record<string, Schema>>, description?: string): Schema {
  const names = Object.keys(fields)
  return {
    type: 'object',
    ...(description === undefined ? {} : { description }),
    required: names.filter((name) => !name.endsWith('?')),
    properties: Object.fromEntries(names.map((name) => [name.replace(/\?$/, ''), fields[name] ?? {}])),
  }
}

const verdicts = ['passed', 'flaky', 'warned', 'failed', 'infra', 'skipped', 'missing'] as const
const digest: Schema = { type: 'string', description: 'sha256:<hex>' }
const fingerprint: Schema = { type: 'string', pattern: '^f[0-9]+-[0-9a-f]{16}$' }

const definitions: Schema = {
  failure: object({
    phase: ref('phase'),
    kind: words('assertion', 'check', 'timeout', 'machine', 'infra', 'error'),
    code: text,
    message: text,
    fingerprint,
    'hint?': text,
    'location?': ref('location'),
    'frame?': text,
    'stack?': text,
    'machine?': text,
    'evidence?': list(text),
    'soft?': flag,
  }),
  phase: words('acquire', 'ready', 'body', 'collect', 'checks', 'teardown'),
  location: object({ file: text, line: number, column: number }),
  notice: object({ level: words('info', 'warning'), code: text, message: text }),
  verdicts: object(Object.fromEntries(verdicts.map((name) => [name, count]))),
  image: object(
    { digest, distro: text, version: text, channel: text, architecture: text, 'buildId?': text },
    'Who the image is.',
  ),
  target: object({
    name: text,
    platform: text,
    architecture: text,
    firmware: text,
    channel: text,
    distro: text,
    version: text,
    'axes?': { type: 'object', additionalProperties: text },
  }),
  knownFailure: object({
    mode: words('skip', 'warn', 'must-fail'),
    pattern: text,
    'reason?': text,
    'tracker?': text,
    'expires?': text,
    source: text,
  }),
  expectation: {
    anyOf: [object({ kind: { const: 'run' } }), object({ kind: { const: 'skip' }, reason: text })],
  },
  metric: object({ name: text, value: number, unit: text, 'machine?': text }),
  attempt: object({
    n: { type: 'integer', minimum: 1 },
    outcome: words('passed', 'failed', 'skipped', 'infra', 'harness', 'unfinished'),
    'reason?': text,
    'group?': text,
    'audit?': flag,
    'isolated?': object({ waitedMs: milliseconds, quiet: flag }),
    'beside?': count,
    startedMs: milliseconds,
    durationMs: milliseconds,
    'templateMs?': milliseconds,
    phases: list(object({ phase: ref('phase'), durationMs: orNull(milliseconds), ok: orNull(flag) })),
    failures: list(ref('failure')),
    'fingerprint?': fingerprint,
    'metrics?': list(ref('metric')),
    machines: list(text),
    attachments: list(object({ name: text, path: text, contentType: text, bytes: count, 'machine?': text })),
    commandCount: count,
    commands: list(
      object({
        machine: text,
        command: text,
        exitCode: orNull(number),
        'signal?': text,
        durationMs: milliseconds,
        stdoutTail: text,
        stderrTail: text,
      }),
    ),
    stepCount: count,
    steps: list(object({ title: text, category: text, durationMs: orNull(milliseconds), 'error?': text })),
    'subtestCount?': count,
    'subtests?': list(
      object({
        name: text,
        outcome: words('passed', 'failed', 'skipped', 'todo'),
        'message?': text,
        'durationMs?': number,
      }),
    ),
  }),
  test: object({
    test: text,
    verdict: words(...verdicts),
    'reason?': text,
    durationMs: milliseconds,
    planned: flag,
    'expectation?': ref('expectation'),
    'description?': text,
    'location?': ref('location'),
    tags: list(text),
    aliases: list(text),
    'group?': text,
    'knownFailure?': ref('knownFailure'),
    'repeat?': count,
    'rate?': object({ passed: count, judged: count, rate: number, low: number, high: number }),
    attempts: list(ref('attempt')),
  }),
  machine: object({
    machine: text,
    name: text,
    platform: text,
    origin: text,
    attempts: list(object({ test: text, n: number })),
    facts: scalars,
    milestones: list(object({ milestone: text, sinceMs: number })),
    'exit?': object({ reason: text, expected: flag }),
    destroyed: flag,
  }),
  plan: object({
    digest,
    jobs: count,
    budget: object({ memoryMiB: number, cpus: number }),
    'shard?': object({ index: count, count }),
    'repeat?': count,
    'failOnFlaky?': flag,
  }),
  run: object(
    {
      run: text,
      state: words('finished', 'interrupted', 'aborted', 'incomplete'),
      'interruptedBy?': text,
      'abortedBy?': object({
        kind: words('usage', 'infra', 'harness'),
        code: text,
        message: text,
        'hint?': text,
        'evidence?': list(text),
      }),
      startedAt: { type: 'string', description: 'ISO 8601 UTC' },
      durationMs: milliseconds,
      command: list(text),
      'options?': list(text),
      'toolVersion?': text,
      host: scalars,
      'target?': ref('target'),
      'cell?': text,
      'targetName?': text,
      'image?': ref('image'),
      'osRelease?': table(text),
      'platformFacts?': scalars,
      'plan?': ref('plan'),
      planned: count,
      finished: count,
      missing: list(text),
      verdicts: ref('verdicts'),
      exitCode: number,
      'recordedExitCode?': number,
      tests: list(ref('test')),
      machines: list(ref('machine')),
      notices: list(ref('notice')),
    },
    'One run: its plan (the tests with "planned": true, in order), every attempt, what came of it.',
  ),
}

/** The JSON Schema of `run.json`. */
export const runSchema: Schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: `urn:${RUN_SCHEMA.replaceAll(/[./]/g, ':')}`,
  title: 'Signalbox run record',
  ...object({
    schema: { const: RUN_SCHEMA },
    planned: count,
    finished: count,
    missing: list(object({ run: text, target: text, test: text })),
    verdicts: ref('verdicts'),
    exitCode: number,
    durationMs: milliseconds,
    runs: list(ref('run')),
    notices: list(ref('notice')),
  }),
  $defs: definitions,
}
