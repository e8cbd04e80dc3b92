// Event files as a kill, a full disk, another version and a stranger leave them.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { UsageError } from '../harness/errors.ts'
import type { SignalboxEvent } from '../harness/events.ts'
import { isolatedRun, knownRun, repeatedRun } from './flaky-events.test.data.ts'
import { eventLines, mergeEvents, mergePaths } from './merge.ts'
import { findEventFiles, LONGEST_LINE, readEventFile } from './read-events.ts'
import { hostileRun, killedRun, mixedRun } from './sample-events.test.data.ts'
import { summarize } from './summarize.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-reports-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

function linesOf(events: Iterable<SignalboxEvent>): string {
  return [...eventLines(events)].join('')
}

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, text)
  return path
}

async function codeOfReading(path: string): Promise<string> {
  try {
    await readEventFile(path)
    return 'read'
  } catch (error) {
    return error instanceof UsageError ? error.code : `not a UsageError: ${String(error)}`
  }
}

describe('readEvents', () => {
  test('gives back what was written, hostile text and all', async () => {
    for (const events of [mixedRun(), hostileRun(), knownRun(), repeatedRun(), isolatedRun()]) {
      const path = await write('events.jsonl', linesOf(events))
      expect(await readEventFile(path)).toEqual({ events, notices: [] })
    }
  })

  test('whichever byte a kill cut the file at, all whole events are there and nothing fails', async () => {
    const events = killedRun()
    const bytes = Buffer.from(linesOf(events))
    for (let cut = bytes.length - 300; cut < bytes.length; cut += 7) {
      const path = join(folder, 'cut.jsonl')
      await writeFile(path, bytes.subarray(0, cut))
      const read = await readEventFile(path)
      expect(read.events).toEqual(events.slice(0, read.events.length))
      expect(read.events.length).toBeGreaterThanOrEqual(events.length - 3)
      for (const notice of read.notices) expect(notice.code).toBe('events-cut-off')
    }
  })

  test('a last line that only lacks its newline is whole', async () => {
    const path = await write('events.jsonl', linesOf(killedRun()).trimEnd())
    expect(await readEventFile(path)).toEqual({ events: killedRun(), notices: [] })
  })

  test('broken lines are told by number and skipped', async () => {
    const lines = linesOf(killedRun()).split('\n')
    lines.splice(1, 0, '{"v":1,', '[]', 'null', '{"v":1,"run":"r"}', '', '\u0000\u0000')
    lines.splice(9, 0, JSON.stringify({ ...killedRun()[3], failures: [null] }))
    const path = await write('events.jsonl', lines.join('\n'))
    const read = await readEventFile(path)
    expect(read.events).toEqual(killedRun())
    expect(read.notices.map((notice) => notice.message.replace(path, 'FILE'))).toEqual([
      'FILE: line 2 is skipped: it is not JSON',
      'FILE: line 3 is skipped: it is not a JSON object',
      'FILE: line 4 is skipped: it is not a JSON object',
      'FILE: line 5 is skipped: its field "seq" is missing or wrong',
      'FILE: line 7 is skipped: it is not JSON',
      'FILE: line 10 is skipped: attempt.finished: its field "failures" is missing or wrong',
    ])
  })

  test('fields that came later may be missing, and are checked where they are', async () => {
    const lines = knownRun().map((event) => {
      if (event.type !== 'run.planned') return event
      return { ...event, tests: event.tests.map((each) => ({ ...each, knownFailure: { mode: 'ignore' } })) }
    })
    const path = await write('events.jsonl', lines.map((event) => `${JSON.stringify(event)}\n`).join(''))
    const { events, notices } = await readEventFile(path)
    expect(events).toHaveLength(lines.length - 1)
    expect(notices.map(({ message }) => message)).toEqual([
      `${path}: line 2 is skipped: run.planned: its field "tests" is missing or wrong`,
    ])
  })

  test('a line over the limit is refused without being held', async () => {
    const [first = '', ...rest] = linesOf(killedRun()).split('\n')
    const path = await write(
      'events.jsonl',
      [first, `{"v":1,"x":"${'y'.repeat(LONGEST_LINE)}"}`, ...rest].join('\n'),
    )
    const read = await readEventFile(path)
    expect(read.events).toEqual(killedRun())
    expect(read.notices).toHaveLength(1)
    expect(read.notices[0]?.message).toContain('line 2 is skipped: it is longer than 8 MiB')
  })

  test('an unknown type is skipped and counted, an older version is read', async () => {
    const [first, ...rest] = killedRun()
    const odd = { ...first, type: 'machine.levitated' }
    const path = await write(
      'events.jsonl',
      `${[{ ...first, v: 0 }, odd, odd, ...rest].map((event) => JSON.stringify(event)).join('\n')}\n`,
    )
    const read = await readEventFile(path)
    expect(read.events).toHaveLength(killedRun().length)
    expect(read.notices.map((notice) => notice.message)).toEqual([
      `${path}: 2 events of the unknown type "machine.levitated" are skipped`,
    ])
  })

  test('another version, another file, no file: usage errors', async () => {
    const newer = await write('newer.jsonl', JSON.stringify({ ...killedRun()[0], v: 2 }))
    const other = await write('other.txt', 'hello\nworld\n')
    expect(await codeOfReading(newer)).toBe('events-newer-version')
    expect(await codeOfReading(other)).toBe('events-not-events')
    expect(await codeOfReading(join(folder, 'none'))).toBe('events-not-found')
    expect(await codeOfReading(folder)).toBe('events-not-found')
  })

  test('an empty file is a notice', async () => {
    const read = await readEventFile(await write('events.jsonl', ''))
    expect(read.notices.map((notice) => notice.code)).toEqual(['events-empty'])
  })
})

describe('findEventFiles', () => {
  test('a file, a run folder, a folder of run folders', async () => {
    const a = await write('out/a/events.jsonl', '')
    const b = await write('out/b/events.jsonl', '')
    await write('out/notes.txt', '')
    expect(await findEventFiles(a)).toEqual([a])
    expect(await findEventFiles(join(folder, 'out/b'))).toEqual([b])
    expect(await findEventFiles(join(folder, 'out'))).toEqual([a, b])
  })

  test('where there is none, it says what there is', async () => {
    await write('out/notes.txt', '')
    await expect(findEventFiles(join(folder, 'out'))).rejects.toThrow(
      `no events.jsonl in ${join(folder, 'out')}; it holds notes.txt`,
    )
    await expect(findEventFiles(join(folder, 'none'))).rejects.toMatchObject({ code: 'events-not-found' })
  })
})

describe('merge', () => {
  const first = mixedRun({ run: 'r1', target: 'qemu' })
  const second = mixedRun({ run: 'r2', target: 'aws', startMs: 1000 })

  test('is the same whichever order the parts come in, and keeps targets apart', () => {
    const one = mergeEvents([first, second])
    expect(mergeEvents([second, first])).toEqual(one)
    expect(one.events).toEqual([...first, ...second])
    expect(summarize(one.events).runs.map((run) => [run.target?.name, run.planned])).toEqual([
      ['aws', 7],
      ['qemu', 7],
    ])
  })

  test('overlapping pieces of one run become that run', () => {
    const pieces = [first.slice(20), first.slice(0, 30), first, first.slice(10, 12)]
    expect(mergeEvents(pieces)).toEqual({ events: first, notices: [] })
  })

  test('events that differ under one number are told, and the choice does not depend on the order', () => {
    const forged = first.map((event) => (event.seq === 5 ? { ...event, ms: 1 } : event))
    const one = mergeEvents([first, forged])
    expect(mergeEvents([forged, first])).toEqual(one)
    expect(one.notices.map((notice) => notice.code)).toEqual(['events-conflict'])
    expect(one.events).toHaveLength(first.length)
  })

  test('of folders and files', async () => {
    await write('out/b/events.jsonl', linesOf(first))
    await write('out/a/events.jsonl', linesOf(second))
    const whole = await mergePaths([join(folder, 'out')])
    expect(whole.events).toEqual([...first, ...second])
    expect(
      await mergePaths([join(folder, 'out/a'), join(folder, 'out/b/events.jsonl'), join(folder, 'out')]),
    ).toEqual(whole)
  })
})
