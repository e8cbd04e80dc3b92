// Is a parsed line an event? Checked are the envelope and every field that a report reads, so that a damaged or hostile
// file makes a notice, never a crash. Unknown fields pass: an event may grow without a new version.

import { EVENT_VERSION, type EventBody, type SignalboxEvent } from '../harness/events.ts'
import { oneLine } from '../harness/hostile-text.ts'

type Check = (value: unknown) => boolean
type Fields = Readonly<Record<string, Check>>

const text: Check = (value) => typeof value === 'string'
const number: Check = (value) => typeof value === 'number'
const flag: Check = (value) => typeof value === 'boolean'
const nullable =
  (check: Check): Check =>
  (value) =>
    value === null || check(value)
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && words.includes(value)
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
const shape =
  (fields: Fields): Check =>
  (value) =>
    isRecord(value) && wrongField(value, fields) === undefined
const scalars: Check = (value) =>
  isRecord(value) && Object.values(value).every((item) => text(item) || number(item))

const texts: Check = (value) => isRecord(value) && Object.values(value).every(text)

const phase = oneOf('acquire', 'ready', 'body', 'collect', 'checks', 'teardown')
const verdict = oneOf('passed', 'flaky', 'warned', 'failed', 'infra', 'skipped', 'missing')
const attempt = shape({ test: text, n: number })
const location = shape({ file: text, line: number, column: number })
const failure = shape({
  phase,
  kind: text,
  code: text,
  message: text,
  hint: optional(text),
  location: optional(location),
  frame: optional(text),
  stack: optional(text),
  machine: optional(text),
  evidence: optional(listOf(text)),
})
const knownFailure = shape({
  mode: oneOf('skip', 'warn', 'must-fail'),
  pattern: text,
  reason: optional(text),
  tracker: optional(text),
  expires: optional(text),
  source: text,
})
const plannedTest = shape({
  test: text,
  description: optional(text),
  location,
  tags: listOf(text),
  aliases: listOf(text),
  expectation: (value) =>
    shape({ kind: oneOf('run') })(value) || shape({ kind: oneOf('skip'), reason: text })(value),
  group: optional(text),
  knownFailure: optional(knownFailure),
})

const updateExchange = shape({
  appId: text,
  version: text,
  track: text,
  machineId: text,
  status: text,
  check: optional(text),
  offered: optional(text),
  events: optional(
    listOf(shape({ type: text, result: text, errorCode: optional(number), previousVersion: optional(text) })),
  ),
})

const target = shape({
  name: text,
  platform: text,
  architecture: text,
  firmware: text,
  channel: text,
  distro: text,
  version: text,
  axes: optional(texts),
})
const image = shape({
  digest: text,
  distro: text,
  version: text,
  channel: text,
  architecture: text,
})

const bodies: Readonly<Record<EventBody['type'], Fields>> = {
  'run.started': {
    command: listOf(text),
    options: optional(listOf(text)),
    tool: shape({ version: text }),
    host: scalars,
    cell: optional(text),
  },
  'run.planned': {
    target,
    image,
    digest: text,
    tests: listOf(plannedTest),
    jobs: number,
    budget: shape({ memoryMiB: number, cpus: number }),
    facts: optional(scalars),
    shard: optional(shape({ index: number, count: number })),
    repeat: optional(number),
    failOnFlaky: optional(flag),
  },
  'run.notice': {
    level: oneOf('info', 'warning'),
    code: text,
    message: text,
  },
  'run.interrupted': { signal: text },
  'run.aborted': {
    kind: oneOf('usage', 'infra', 'harness'),
    code: text,
    message: text,
    hint: optional(text),
    evidence: optional(listOf(text)),
  },
  'run.finished': { exitCode: number, durationMs: number },
  'attempt.started': {
    attempt,
    group: optional(text),
    audit: optional(flag),
    isolated: optional(shape({ waitedMs: number, quiet: flag })),
  },
  'phase.started': { attempt, phase, timeoutMs: nullable(number) },
  'phase.finished': { attempt, phase, durationMs: number, ok: flag },
  'machine.created': {
    machine: text,
    name: text,
    platform: text,
    origin: text,
    attempts: listOf(attempt),
    facts: scalars,
  },
  'machine.milestone': { machine: text, milestone: text, sinceMs: number },
  'machine.identified': { machine: text, osRelease: texts },
  'machine.exited': { machine: text, reason: text, expected: flag },
  'machine.destroyed': { machine: text, durationMs: number },
  'command.finished': {
    attempt: optional(attempt),
    machine: text,
    command: text,
    over: optional(oneOf('control')),
    exitCode: nullable(number),
    durationMs: number,
    stdoutTail: text,
    stderrTail: text,
  },
  'step.started': { attempt, step: text, category: text, title: text },
  'step.finished': {
    attempt,
    step: text,
    durationMs: number,
    error: optional(text),
  },
  log: {
    attempt: optional(attempt),
    level: oneOf('debug', 'info', 'warning'),
    message: text,
  },
  attachment: {
    attempt,
    name: text,
    path: text,
    contentType: text,
    bytes: number,
  },
  metric: {
    attempt,
    machine: optional(text),
    name: text,
    value: (value) => number(value) && Number.isFinite(value),
    unit: text,
  },
  'subtest.finished': {
    attempt,
    name: text,
    outcome: oneOf('passed', 'failed', 'skipped', 'todo'),
    message: optional(text),
    durationMs: optional(number),
  },
  'update.request': {
    attempt,
    method: text,
    path: text,
    status: optional(number),
    end: oneOf('answered', 'dropped', 'gone'),
    range: optional(text),
    bytes: number,
    durationMs: number,
    faults: optional(listOf(text)),
    refused: optional(text),
    apps: optional(listOf(updateExchange)),
  },
  'attempt.finished': {
    attempt,
    outcome: oneOf('passed', 'failed', 'skipped', 'infra', 'harness'),
    reason: optional(text),
    failures: listOf(failure),
    durationMs: number,
    templateMs: optional(number),
    willRetry: flag,
    retryAlone: optional(flag),
    beside: optional(number),
  },
  'test.finished': {
    test: text,
    verdict,
    reason: optional(text),
    attempts: number,
    durationMs: number,
  },
}

const envelope: Fields = {
  run: text,
  seq: number,
  at: text,
  ms: number,
  type: text,
}

/** What a parsed line is: an event; of a version this reader does not know; a type it does not know; or no event. */
export type ShapeResult =
  | { readonly kind: 'event'; readonly event: SignalboxEvent }
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'unknown-type'; readonly type: string }
  | { readonly kind: 'broken'; readonly why: string }

/** Judges the shape of one parsed line. */
export function eventShape(value: unknown): ShapeResult {
  if (!isRecord(value)) return { kind: 'broken', why: 'it is not a JSON object' }
  const version = value['v']
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 0)
    return { kind: 'broken', why: 'it has no event version "v"' }
  if (version > EVENT_VERSION) return { kind: 'newer', version }
  const wrong = wrongField(value, envelope)
  if (wrong !== undefined) return { kind: 'broken', why: `its field "${wrong}" is missing or wrong` }
  const type = String(value['type'])
  const fields = Object.hasOwn(bodies, type) ? bodies[type as EventBody['type']] : undefined
  if (fields === undefined) return { kind: 'unknown-type', type: oneLine(type, 60) }
  const wrongInBody = wrongField(value, fields)
  if (wrongInBody !== undefined)
    return { kind: 'broken', why: `${type}: its field "${wrongInBody}" is missing or wrong` }
  return { kind: 'event', event: value as unknown as SignalboxEvent }
}

function wrongField(value: Readonly<Record<string, unknown>>, fields: Fields): string | undefined {
  return Object.keys(fields).find((name) => fields[name]?.(value[name]) !== true)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
