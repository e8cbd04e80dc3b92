// Merging real folders: shards, architectures and days, copies and halves of them, in any order; and where the files of the
// result are.

import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { EventBody, SignalboxEvent } from '../harness/events.ts'
import { knownRun, repeatedRun } from './flaky-events.test.data.ts'
import { eventLines, mergePaths } from './merge.ts'
import type { Summary } from './run-summary.ts'
import {
  ended,
  judged,
  killedRun,
  mixedRun,
  planned,
  runFinished,
  runPlanned,
  runStarted,
  started,
  stream,
} from './sample-events.test.data.ts'
import { type ReportFormat, reportFormats } from './show.ts'
import { summarize } from './summarize.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-merge-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const text = (events: Iterable<SignalboxEvent>): string => [...eventLines(events)].join('')
const attachments = (events: readonly SignalboxEvent[]): readonly string[] =>
  events.flatMap((event) => (event.type === 'attachment' ? [event.path] : []))

/** A run's folder with its events and the files that they name. */
async function write(name: string, events: readonly SignalboxEvent[], cut = 0): Promise<string> {
  const path = join(folder, name)
  await mkdir(path, { recursive: true })
  const whole = text(events)
  await writeFile(join(path, 'events.jsonl'), cut === 0 ? whole : whole.slice(0, -cut))
  for (const file of attachments(events)) {
    await mkdir(join(path, file, '..'), { recursive: true })
    await writeFile(join(path, file), `${file} of ${name}`)
  }
  return path
}

/** One shard: tests of its own, for the same target as the others. */
function shard(run: string, name: string, index: number): readonly SignalboxEvent[] {
  return stream(
    [
      [0, runStarted()],
      [1, { ...runPlanned([planned(name)]), shard: { index, count: 2 } } as EventBody],
      [2, started(name)],
      [3, ended(name, 'passed')],
      [4, judged(name, 'passed')],
      [5, runFinished({ passed: 1 }, 0)],
    ],
    { run, startMs: index },
  )
}

/** The same numbers from 0 to 1 for the same seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

function shuffled<T>(items: readonly T[], next: () => number): readonly T[] {
  return items
    .map((item) => ({ item, rank: next() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}

async function everyPart(): Promise<readonly string[]> {
  const today = mixedRun({ run: 'today', startMs: 86_400_000 })
  return [
    await write('shards/one', shard('shard-1', 'boot.usr', 1)),
    await write('shards/two', shard('shard-2', 'boot.tpm', 2)),
    await write('yesterday', mixedRun({ run: 'yesterday' })),
    await write('today', today),
    await write('again/today', today),
    // The upload of the same run broke off.
    await write('broken/today', today, 200),
    await write('arm64', mixedRun({ run: 'arm', target: 'qemu-arm64-uefi', startMs: 5 })),
    await write('repeated', repeatedRun({ run: 'hunt', target: 'aws-x86_64-uefi' })),
    await write('known', knownRun({ run: 'known', target: 'qemu-x86_64-bios' })),
    await write('killed', killedRun(), 40),
  ]
}

describe('in whichever order', () => {
  test('the merged events and every report are the same', { timeout: 120_000 }, async () => {
    const parts = await everyPart()
    const output = join(folder, 'merged')
    const merge = async (paths: readonly string[]): Promise<Readonly<Record<string, string>>> => {
      const { events, notices } = await mergePaths(paths, { output })
      const summary = summarize(events, { notices })
      const formats = Object.keys(reportFormats) as readonly ReportFormat[]
      const reports = formats.map((format) => [format, reportFormats[format](summary)] as const)
      return { events: text(events), ...Object.fromEntries(reports) }
    }
    const first = await merge(parts)
    const next = numbers(42)
    for (let round = 0; round < 6; round += 1) {
      const order = shuffled(parts, next)
      const again = await merge(order)
      for (const [name, report] of Object.entries(first))
        expect([name, order, again[name]]).toEqual([name, order, report])
    }
    // Folders of folders, and the same folder twice, are the same too.
    expect(
      await merge([folder, ...parts.filter((path) => path !== join(folder, 'arm64')), ...parts]),
    ).toEqual(first)
  })

  test('a run that is there several times is one run, and what was cut off is said', async () => {
    const parts = await everyPart()
    const { events, notices } = await mergePaths(parts, { output: join(folder, 'merged') })
    const summary = summarize(events, { notices })
    expect(summary.runs.map(({ run }) => run)).toEqual([
      'hunt',
      'arm',
      'known',
      'run-1',
      'yesterday',
      'shard-1',
      'shard-2',
      'today',
    ])
    expect(
      notices.map(({ code, message }) => `${code} ${message.split(':')[0]?.slice(folder.length)}`),
    ).toEqual(['events-cut-off /broken/today/events.jsonl', 'events-cut-off /killed/events.jsonl'])
    for (const format of ['list', 'tap', 'json', 'markdown'] as const)
      expect(reportFormats[format](summary)).toContain('cut off')
    // Worst of all: a failure.
    expect(summary.exitCode).toBe(1)
  })
})

describe('names', () => {
  const cells = ({ runs }: Summary): readonly string[] =>
    runs.map(({ target, cell }) => cell ?? target?.name ?? '')

  test('are the targets, and more where a test would have one name twice', () => {
    const shards = [...shard('shard-1', 'boot.usr', 1), ...shard('shard-2', 'boot.tpm', 2)]
    expect(cells(summarize(shards))).toEqual(['qemu-x86_64-direct', 'qemu-x86_64-direct'])
    const days = [...mixedRun({ run: 'r1' }), ...mixedRun({ run: 'r2', startMs: 9 })]
    expect(cells(summarize(days))).toEqual(['qemu-x86_64-direct r1', 'qemu-x86_64-direct r2'])
    const versions = mixedRun({ run: 'r2' }).map((event) =>
      event.type === 'run.planned' ? { ...event, target: { ...event.target, version: '2.0.0' } } : event,
    )
    expect(cells(summarize([...mixedRun({ run: 'r1' }), ...versions]))).toEqual([
      'qemu-x86_64-direct 1.2.3',
      'qemu-x86_64-direct 2.0.0',
    ])
  })

  test('stand in every report', () => {
    const summary = summarize([...mixedRun({ run: 'r1' }), ...mixedRun({ run: 'r2', startMs: 9 })])
    const seen: Readonly<Record<Exclude<ReportFormat, 'json'>, RegExp>> = {
      list: /qemu-x86_64-direct .* run r1\n[^]*run r2\n[^]*\[qemu-x86_64-direct r2\] ignition.files/,
      tap: /- qemu-x86_64-direct r1 boot.usr-read-only\n[^]*- qemu-x86_64-direct r2 boot.usr-read-only\n/,
      junit: /<testsuite name="qemu-x86_64-direct r1"[^]*classname="qemu-x86_64-direct r2"/,
      ctrf: /"suite": \[\s*"qemu-x86_64-direct r1"[^]*"qemu-x86_64-direct r2"/,
      github:
        /title=qemu-x86_64-direct r1%3A ignition.files failed::[^]*direct r2%3A ignition.files failed::/,
      markdown: /### qemu-x86\\_64-direct r1[^]*### qemu-x86\\_64-direct r2/,
    }
    for (const [format, pattern] of Object.entries(seen))
      expect(reportFormats[format as ReportFormat](summary)).toMatch(pattern)
  })
})

describe('files', () => {
  const findable = (events: readonly SignalboxEvent[], output: string): readonly string[] =>
    attachments(events).filter((path) => existsSync(join(output, path)))

  test('are found from the merged folder, also from one that was merged again', async () => {
    const parts = [await write('a/r1', mixedRun({ run: 'r1' })), await write('b/r2', mixedRun({ run: 'r2' }))]
    const once = join(folder, 'deep', 'merged')
    const merged = await mergePaths(parts, { output: once })
    expect(attachments(merged.events)).toEqual([
      '../../a/r1/attempts/ignition.files/1/m2/console.txt',
      '../../b/r2/attempts/ignition.files/1/m2/console.txt',
    ])
    expect(findable(merged.events, once)).toHaveLength(2)
    await mkdir(once, { recursive: true })
    await writeFile(join(once, 'events.jsonl'), text(merged.events))
    const twice = join(folder, 'elsewhere')
    const again = await mergePaths([once, ...parts], { output: twice })
    expect(again.notices).toEqual([])
    expect(findable(again.events, twice)).toHaveLength(2)
  })

  test('are those that are there, where a run was copied and one copy lost its files', async () => {
    const whole = await write('z/r1', mixedRun({ run: 'r1' }))
    const bare = join(folder, 'a/r1')
    await cp(whole, bare, { recursive: true })
    await rm(join(bare, 'attempts'), { recursive: true })
    for (const order of [
      [whole, bare],
      [bare, whole],
    ]) {
      const { events, notices } = await mergePaths(order, { output: join(folder, 'merged') })
      expect(notices).toEqual([])
      expect(
        await readFile(
          join(folder, 'merged', '..', 'z/r1', 'attempts/ignition.files/1/m2/console.txt'),
          'utf8',
        ),
      ).toContain('z/r1')
      expect(attachments(events)).toEqual(['../z/r1/attempts/ignition.files/1/m2/console.txt'])
    }
  })
})

describe('the output', () => {
  test('of an earlier merge is passed over when its folder is inside', async () => {
    await write('r1', mixedRun({ run: 'r1' }))
    const output = await write('merged', mixedRun({ run: 'r9' }))
    const { events } = await mergePaths([folder], { output })
    expect(new Set(events.map(({ run }) => run))).toEqual(new Set(['r1']))
  })

  test('may not be one of the runs', async () => {
    const path = await write('r1', mixedRun({ run: 'r1' }))
    for (const named of [path, `${path}/`, join(path, 'events.jsonl')])
      await expect(mergePaths([named], { output: path })).rejects.toMatchObject({ code: 'merge-into-source' })
  })
})

test('a link to the latest run is that run', async () => {
  const path = await write('out/r1', mixedRun({ run: 'r1' }), 10)
  await symlink('r1', join(folder, 'out', 'latest'))
  const { notices } = await mergePaths([join(folder, 'out'), path])
  expect(notices).toHaveLength(1)
})

test('a folder without events is an error that says what is in it, whatever else there is', async () => {
  const good = await write('r1', mixedRun({ run: 'r1' }))
  await mkdir(join(folder, 'bad', 'photos'), { recursive: true })
  await expect(mergePaths([good, join(folder, 'bad')])).rejects.toMatchObject({
    code: 'events-not-found',
    message: `no events.jsonl in ${join(folder, 'bad')}; it holds photos`,
  })
})
