// Records of real event streams keep to the published schema; what is cut off, from the future, twice there or older is
// read, or refused by name.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SignalboxEvent } from '../../harness/events.ts'
import { isolatedRun, knownRun, repeatedRun } from '../flaky-events.test.data.ts'
import { forkedRun } from '../forked-events.test.data.ts'
import { jsonText } from '../json.ts'
import { eventLines } from '../merge.ts'
import { hostileRun, interruptedRun, killedRun, mixedRun } from '../sample-events.test.data.ts'
import { subtestRun } from '../subtest-events.test.data.ts'
import { summarize } from '../summarize.ts'
import { readRunRecords } from './read-record.ts'
import { runSchema } from './run-schema.ts'

const streams: Readonly<Record<string, readonly SignalboxEvent[]>> = {
  mixed: mixedRun(),
  killed: killedRun(),
  interrupted: interruptedRun(),
  hostile: hostileRun(),
  forked: forkedRun(),
  repeated: repeatedRun(),
  isolated: isolatedRun(),
  known: knownRun(),
  subtests: subtestRun(),
  'two targets': [...mixedRun({ run: 'r1', target: 'a' }), ...mixedRun({ run: 'r2', target: 'b' })],
  empty: [],
}

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
})
