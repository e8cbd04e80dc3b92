import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openEventLog } from './event-log.ts'
import type { SignalboxEvent } from './events.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'event-log-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const notice = (message: string) => ({ type: 'run.notice', level: 'info', code: 'test', message }) as const

it('stamps and saves each event as one line, in order', () => {
  const seen: SignalboxEvent[] = []
  using log = openEventLog({
    run: 'r1',
    folder,
    readers: [{ onEvent: (event) => void seen.push(event) }],
    onWriteError: (message) => expect.fail(message),
    onReaderError: (message) => expect.fail(message),
    now: () => new Date(0),
  })
  log.emit(notice('one\ntwo'))
  log.emit(notice('three'))
  const saved = readFileSync(join(folder, 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SignalboxEvent)
  expect(saved).toEqual(seen)
  expect(saved.map(({ v, run, seq, at }) => [v, run, seq, at])).toEqual([
    [1, 'r1', 1, '1970-01-01T00:00:00.000Z'],
    [1, 'r1', 2, '1970-01-01T00:00:00.000Z'],
  ])
})

it('says once that the disk is full and still serves the readers', () => {
  symlinkSync('/dev/full', join(folder, 'events.jsonl'))
  const errors: (string | undefined)[] = []
  const seen: string[] = []
  using log = openEventLog({
    run: 'r1',
    folder,
    readers: [{ onEvent: ({ type }) => void seen.push(type) }],
    onWriteError: (_message, code) => errors.push(code),
    onReaderError: (message) => expect.fail(message),
  })
  log.emit(notice('one'))
  log.emit(notice('two'))
  expect(errors).toEqual(['ENOSPC'])
  expect(seen).toEqual(['run.notice', 'run.notice'])
  expect(log.complete()).toBe(false)
})

it('switches a reader off after its first exception', () => {
  const messages: string[] = []
  let calls = 0
  using log = openEventLog({
    run: 'r1',
    folder,
    readers: [
      {
        onEvent() {
          calls += 1
          throw new Error('reader broke')
        },
      },
    ],
    onWriteError: (message) => expect.fail(message),
    onReaderError: (message) => messages.push(message),
  })
  log.emit(notice('one'))
  log.emit(notice('two'))
  expect(calls).toBe(1)
  expect(messages).toHaveLength(1)
  expect(messages[0]).toContain('reader broke')
})
