// Records of real event streams keep to the published schema; what is cut off, from the future, twice there or older is
// read, or refused by name.

import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { UsageError } from '../../harness/errors.ts'
import type { EventBody, SignalboxEvent } from '../../harness/events.ts'
import { planDigest } from '../../harness/plan-digest.ts'
import { knownRun } from '../flaky-events.test.data.ts'
import { jsonText } from '../json.ts'
import { eventLines } from '../merge.ts'
import {
  ended,
  image,
  judged,
  killedRun,
  machine,
  milestone,
  mixedRun,
  planned,
  runFinished,
  runPlanned,
  runStarted,
  started,
  stream,
  target,
} from '../sample-events.test.data.ts'
import type { RunSummary } from '../run-summary.ts'
import { scenarios } from '../scenarios.test.data.ts'
import { summarize } from '../summarize.ts'
import { planDigestOf } from './plan-of.ts'
import { readRunRecords } from './read-record.ts'
import { runSchema } from './run-schema.ts'

/** Figures and what the OS calls itself. */
const measuredRun = (): readonly SignalboxEvent[] => {
  const plan = runPlanned([planned('boot.usr')]) as Extract<EventBody, { type: 'run.planned' }>
  const attempt = { test: 'boot.usr', n: 1 }
  return stream([
    [0, runStarted()],
    [10, { ...plan, facts: { qemu: '10.0.2', accelerator: 'tcg' } }],
    [20, started('boot.usr')],
    [30, machine('m1', [attempt, { test: 'boot.other', n: 1 }])],
    [730, milestone('m1', 'ssh', 700)],
    [
      740,
      { type: 'machine.identified', machine: 'm1', osRelease: { ID: 'flatcar', VERSION_ID: '4500.1.0' } },
    ],
    [750, { type: 'machine.identified', machine: 'm1', osRelease: { ID: 'other' } }],
    [760, { type: 'metric', attempt, machine: 'm1', name: 'memory.idle', value: 212.5, unit: 'MiB' }],
    [800, ended('boot.usr', 'passed')],
    [810, judged('boot.usr', 'passed')],
    [900, runFinished({ passed: 1 }, 0)],
  ])
}

const streams: Readonly<Record<string, readonly SignalboxEvent[]>> = { ...scenarios, measured: measuredRun() }

/** The schema without room for fields that it does not name: so that a new field must be added to it. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]))
  return 'properties' in schema ? { ...inner, additionalProperties: false } : inner
}

const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(closed(runSchema) as object)

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-record-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, text)
  return path
}

const eventText = (events: readonly SignalboxEvent[]): string => [...eventLines(events)].join('')
const recordText = (events: readonly SignalboxEvent[]): string => jsonText(summarize(events))

describe('schema', () => {
  test.each(Object.keys(streams))('the record of %s keeps to it, field by field', (name) => {
    const record: unknown = JSON.parse(recordText(streams[name] ?? []))
    validate(record)
    expect(validate.errors ?? []).toEqual([])
  })
})

describe('reading', () => {
  test.each(Object.keys(streams).filter((name) => name !== 'empty'))(
    '%s: events and run.json come to the same',
    async (name) => {
      const events = streams[name] ?? []
      const fromEvents = await readRunRecords([await file('a/events.jsonl', eventText(events))])
      const fromRecord = await readRunRecords([await file('b/run.json', recordText(events))])
      expect(fromRecord.records.map(({ run }) => run)).toEqual(
        fromEvents.records.map(({ run }) => JSON.parse(JSON.stringify(run)) as unknown),
      )
      expect(fromEvents.records.length).toBeGreaterThan(0)
    },
  )

  test('figures, facts of the platform and what the OS calls itself are in it', async () => {
    const { records } = await readRunRecords([await file('events.jsonl', eventText(measuredRun()))])
    expect(records[0]?.run).toMatchObject({
      osRelease: { ID: 'flatcar', VERSION_ID: '4500.1.0' },
      platformFacts: { qemu: '10.0.2' },
      image: { digest: 'sha256:0123abcd', version: '1.2.3', channel: 'stable', architecture: 'x86_64' },
      tests: [
        {
          expectation: { kind: 'run' },
          attempts: [
            {
              metrics: [
                { name: 'boot.ssh', value: 700, unit: 'ms', machine: 'm1' },
                { name: 'memory.idle', value: 212.5, unit: 'MiB', machine: 'm1' },
              ],
            },
          ],
        },
        { test: 'boot.other', planned: false },
      ],
    })
  })

  test.each(['mixed', 'known', 'two-targets'])(
    'version 1 of %s reads as its events do today',
    async (name) => {
      const events = {
        mixed: mixedRun(),
        known: knownRun(),
        'two-targets': [
          ...mixedRun({ run: 'r1', target: 'qemu-arm64-uefi' }),
          ...mixedRun({ run: 'r2', target: 'aws-x86_64-uefi', startMs: 60_000 }),
        ],
      }[name]
      const old = join(import.meta.dirname, 'corpus', `version-1-${name}.json`)
      const runs = (await readRunRecords([old])).records.map(({ run }) => run)
      const today = JSON.parse(recordText(events ?? [])) as { readonly runs: readonly object[] }
      // It knew no metrics of the boot.
      const withoutMetrics = JSON.parse(
        JSON.stringify(today.runs, (key, value: unknown) => (key === 'metrics' ? undefined : value)),
      ) as unknown
      expect(runs).toEqual(withoutMetrics)
      expect(runs[0]?.tests.some(({ attempts }) => attempts.some(({ fingerprint }) => fingerprint))).toBe(
        true,
      )
    },
  )

  test('a folder of run folders, once each; events win over run.json, files of other names are told apart', async () => {
    await file('runs/a/events.jsonl', eventText(mixedRun({ run: 'a' })))
    await file('runs/a/run.json', recordText(killedRun()))
    await file('runs/b/run.json', recordText(mixedRun({ run: 'b' })))
    await symlink('a', join(folder, 'runs', 'latest'))
    const strange = await file('strange.txt', eventText(mixedRun({ run: 'c' })))
    const { records, notices } = await readRunRecords([join(folder, 'runs'), strange])
    expect(records.map(({ run }) => run.run)).toEqual(['a', 'b', 'c'])
    expect(notices).toEqual([])
  })
})

describe('bad input', () => {
  const whole = recordText(mixedRun())
  const code = async (path: string): Promise<unknown> =>
    await readRunRecords([path]).then(
      () => 'read',
      (error: unknown) => error instanceof UsageError && [error.code, error.message.replace(folder, '')],
    )

  test('cut off in the middle', async () => {
    expect(await code(await file('run.json', whole.slice(0, whole.length / 2)))).toEqual([
      'record-cut-off',
      expect.stringContaining('/run.json is cut off'),
    ])
  })

  test('from a newer version', async () => {
    const newer = whole.replace('signalbox.run/2', 'signalbox.run/3')
    expect(await code(await file('run.json', newer))).toEqual([
      'record-newer-version',
      '/run.json was written by a newer Signalbox: record version 3, this one reads up to 2',
    ])
  })

  test.each([
    ['no record', '{"hello": 1}'],
    ['a schema of others', '{"schema": "other.run/1"}'],
    ['a list', '[]'],
    ['no JSON', 'hello'],
    ['nothing', ''],
  ])('%s', async (_, text) => {
    expect(await code(await file('run.json', text))).toEqual([
      'record-not-record',
      expect.stringContaining('is not a run record'),
    ])
  })

  test.each([
    ['a verdict that there is not', '"verdict": "flaky"', '"verdict": "fine"', '/runs/0/tests/2/verdict'],
    ['text for a number', '"n": 2', '"n": "2"', '/runs/0/tests/2/attempts/1/n'],
    ['a fingerprint that is none', /"f1-[0-9a-f]{16}"/, '"x"', '/fingerprint'],
    ['no date', /"startedAt": "[^"]*"/, '"startedAt": "yesterday"', '/runs/0/startedAt'],
    ['no runs', '"runs"', '"walks"', "'runs'"],
  ])('%s', async (_, from, to, place) => {
    const [wrong, message] = (await code(await file('run.json', whole.replace(from, to)))) as [string, string]
    expect(wrong).toBe('record-invalid')
    expect(message).toContain(place)
  })

  test('a version 1 that is not as it must be', async () => {
    const text = '{"schemaVersion": 1, "runs": [{"tests": null}]}'
    expect(await code(await file('run.json', text))).toEqual(['record-invalid', expect.any(String)])
  })

  test('not there, or a folder without runs', async () => {
    expect(await code(join(folder, 'nowhere'))).toEqual([
      'record-not-found',
      expect.stringContaining('ENOENT'),
    ])
    await mkdir(join(folder, 'empty', 'x'), { recursive: true })
    expect(await code(join(folder, 'empty'))).toEqual([
      'record-not-found',
      expect.stringContaining('it holds x'),
    ])
  })

  test('twice: the most complete counts, and it is said', async () => {
    const events = mixedRun()
    const cut = await file('a/events.jsonl', eventText(events.slice(0, 14)))
    const full = await file('b/run.json', whole)
    for (const paths of [
      [cut, full],
      [full, cut],
    ]) {
      const { records, notices } = await readRunRecords(paths)
      expect(records.map(({ run, source }) => [run.state, source])).toEqual([['finished', full]])
      expect(notices.map((notice) => notice.code)).toContain('record-duplicate')
    }
    const doubled = await file('c/events.jsonl', eventText(events).repeat(2))
    const { records, notices } = await readRunRecords([doubled])
    expect(records[0]?.run).toEqual(summarize(events).runs[0])
    expect(notices).toEqual([])
    const twice = JSON.parse(whole) as { readonly runs: readonly unknown[] }
    const inOne = await file('d/run.json', JSON.stringify({ ...twice, runs: [...twice.runs, ...twice.runs] }))
    expect((await readRunRecords([inOne])).notices.map((notice) => notice.code)).toEqual(['record-duplicate'])
  })
})

describe('plan', () => {
  const run = (): RunSummary | undefined => summarize(measuredRun()).runs[0]
  test('its digest is computed again from the record, and shows what was changed afterwards', () => {
    const digest = planDigest({ target, image, tests: [{ test: 'boot.usr', expectation: { kind: 'run' } }] })
    const found = run()
    if (found === undefined) throw new Error('no run')
    expect(planDigestOf(found)).toBe(digest)
    expect(planDigestOf(JSON.parse(JSON.stringify(found)) as RunSummary)).toBe(digest)
    const [first, ...rest] = found.tests
    expect(planDigestOf({ ...found, tests: rest })).not.toBe(digest)
    const skipped = { ...first, expectation: { kind: 'skip', reason: 'x' } } as RunSummary['tests'][number]
    expect(planDigestOf({ ...found, tests: [skipped, ...rest] })).not.toBe(digest)
  })

  test('without a plan there is none', () => {
    expect(planDigestOf({ ...(run() as RunSummary), plan: undefined as never })).toBeUndefined()
  })
})
