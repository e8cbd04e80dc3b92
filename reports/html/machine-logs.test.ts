// Consoles and journals on the clock of their run.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { EventOf } from '../../harness/events.ts'
import { readMachineLogs, type LogLimits } from './machine-logs.ts'
import type { MachineTrace } from './trace.ts'

const EPOCH = 1_770_000_000_000
const limits: LogLimits = { lines: 5, consoleBytes: 64 * 1024, journalBytes: 64 * 1024 }

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-logs-'))
  await mkdir(join(folder, 'm0'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const envelope = { v: 1, run: 'r', seq: 1, at: '', ms: 1000 } as const
function machine(origin: 'cold' | 'fork', paths: Readonly<Record<string, string>>): MachineTrace {
  const created: EventOf<'machine.created'> = {
    ...envelope,
    type: 'machine.created',
    machine: 'id',
    name: 'm0',
    attempts: [],
    platform: 'qemu',
    origin,
    facts: {},
  }
  const kernel = {
    ...envelope,
    ms: 1500,
    type: 'machine.milestone',
    machine: 'id',
    milestone: 'kernel',
    sinceMs: 500,
  } as const
  return { created, marks: [kernel], files: new Map(Object.entries(paths)) }
}
const both = { 'console.txt': 'm0/console.txt', 'journal.jsonl': 'm0/journal.jsonl' }
const titles = (items: readonly { readonly title: string }[]): readonly string[] =>
  items.map(({ title }) => title)

describe('console', () => {
  test('has the times at which the host saw its lines', async () => {
    await writeFile(join(folder, 'm0/console.txt'), 'a\nb\n')
    await writeFile(
      join(folder, 'm0/console.jsonl'),
      [
        { at: EPOCH + 1200, line: 'a', replayed: true },
        { at: EPOCH + 1300.4, line: '\u001B[31mb\u202E' },
        'torn',
      ]
        .map((entry) => JSON.stringify(entry))
        .join('\n'),
    )
    const cold = await readMachineLogs(machine('cold', both), folder, EPOCH, limits)
    expect(cold.items).toEqual([
      { lane: 'console', at: 1200, title: 'a', m: 'm0' },
      { lane: 'console', at: 1300, title: 'b', m: 'm0' },
    ])
    // What a clone has said before it was one is its template's.
    const fork = await readMachineLogs(machine('fork', both), folder, EPOCH, limits)
    expect(titles(fork.items)).toEqual(['b'])
  })

  test('of an older run goes by the stamps of the kernel', async () => {
    await writeFile(
      join(folder, 'm0/console.txt'),
      'SeaBIOS\n[    0.000000] Linux version 6\n[    1.250000] ok\nlogin:\n',
    )
    const { items } = await readMachineLogs(machine('cold', both), folder, EPOCH, limits)
    expect(items.map(({ at, about }) => [at, about])).toEqual([
      [1000, true],
      [1500, true],
      [2750, true],
      [2750, true],
    ])
  })

  test('of a million lines: the last ones, and how much there is', async () => {
    await writeFile(join(folder, 'm0/console.txt'), `${'0123456789'.repeat(4)}\n`.repeat(1_000_000))
    const { items, omitted } = await readMachineLogs(machine('cold', both), folder, EPOCH, limits)
    expect(items).toHaveLength(5)
    expect(omitted).toEqual(['m0: the last 5 lines of console.txt are here; the file has 39 MiB'])
  })

  test('of one endless line is cut', async () => {
    await writeFile(join(folder, 'm0/console.txt'), 'x'.repeat(10_000_000))
    const { items } = await readMachineLogs(machine('cold', both), folder, EPOCH, limits)
    expect(items).toHaveLength(1)
    expect(items[0]?.title.length).toBeLessThan(1100)
  })

  test('is not looked for where its file has another name', async () => {
    await writeFile(join(folder, 'secret'), 'secret\n')
    const sly = machine('cold', { 'console.txt': 'secret', 'journal.jsonl': '/etc/passwd' })
    expect(await readMachineLogs(sly, folder, EPOCH, limits)).toEqual({ items: [], omitted: [] })
  })
})

describe('journal', () => {
  const entry = (at: number, message: unknown, more = {}): string =>
    JSON.stringify({
      __REALTIME_TIMESTAMP: String((EPOCH + at) * 1000),
      MESSAGE: message,
      SYSLOG_IDENTIFIER: 'sshd',
      _PID: '7',
      ...more,
    })

  test('goes by the clock of its machine, with the levels of syslog', async () => {
    const lines = [
      entry(1600, 'up'),
      entry(1700, 'bad', { PRIORITY: '3' }),
      entry(1800, [104, 105], { PRIORITY: '4' }),
      'noise',
      '{',
    ]
    await writeFile(join(folder, 'm0/journal.jsonl'), lines.join('\n'))
    const { items } = await readMachineLogs(machine('cold', both), folder, EPOCH, limits)
    expect(items).toEqual([
      { lane: 'journal', at: 1600, title: 'sshd[7]: up', m: 'm0' },
      { lane: 'journal', at: 1700, title: 'sshd[7]: bad', m: 'm0', state: 'failed' },
      { lane: 'journal', at: 1800, title: 'sshd[7]: hi', m: 'm0', state: 'warned' },
    ])
  })

  test('of a machine whose clock was moved comes with the entry before', async () => {
    await writeFile(
      join(folder, 'm0/journal.jsonl'),
      [entry(1600, 'now'), entry(864e5 * 400, 'in the future')].join('\n'),
    )
    const { items } = await readMachineLogs(machine('cold', both), folder, EPOCH, limits)
    expect(items.map(({ at, about }) => [at, about])).toEqual([
      [1600, undefined],
      [1600, true],
    ])
  })
})
