// The stream of a run that goes on, from a file that is written while it is read.

import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventLines } from '../merge.ts'
import {
  ended,
  judged,
  planned,
  runFinished,
  runPlanned,
  runStarted,
  started,
  stream,
} from '../sample-events.test.data.ts'
import type { LiveItem } from './data.ts'
import { liveStream } from './live-stream.ts'
import { messageText, resumeFrom } from './sse.ts'

let path = ''
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-stream-'))
  path = join(folder, 'events.jsonl')
  return () => rmSync(folder, { recursive: true, force: true })
})
const stop = { controller: new AbortController() }
beforeEach(() => {
  stop.controller = new AbortController()
})
afterEach(() => stop.controller.abort())

const lines = [
  ...eventLines(
    stream([
      [0, runStarted()],
      [1, runPlanned([planned('a.one'), planned('b.two')])],
      [10, started('a.one')],
      [20, ended('a.one', 'passed')],
      [21, judged('a.one', 'passed')],
      [30, started('b.two')],
      [40, ended('b.two', 'passed')],
      [41, judged('b.two', 'passed')],
      [50, runFinished({ passed: 2 }, 0)],
    ]),
  ),
]
const text = lines.join('')

interface Heard {
  readonly id: number
  readonly event: string
  readonly kinds: readonly string[]
}

/** The next message that says something. */
async function next(messages: AsyncIterator<string>): Promise<Heard> {
  for (;;) {
    const { value, done } = await messages.next()
    if (done === true) return { id: 0, event: 'closed', kinds: [] }
    const event = /^event: (.*)$/m.exec(value)?.[1]
    if (event === undefined) continue
    const data = JSON.parse(/^data: (.*)$/m.exec(value)?.[1] ?? '') as readonly (LiveItem | string)[]
    return {
      id: Number(/^id: (.*)$/m.exec(value)?.[1] ?? 0),
      event,
      kinds: data.map((item) =>
        typeof item === 'string' ? item : 'test' in item ? `${item.k} ${item.test}` : item.k,
      ),
    }
  }
}
const open = (from = 0): AsyncIterator<string> =>
  liveStream(path, from, stop.controller.signal)[Symbol.asyncIterator]()

test('a half-written line waits for its end; the stream ends with the run', async () => {
  const [first = '', second = '', third = '', ...rest] = lines
  writeFileSync(path, first + second + third.slice(0, 20))
  const messages = open()
  expect(await next(messages)).toEqual({
    id: Buffer.byteLength(first + second),
    event: 'items',
    kinds: ['run', 'plan'],
  })
  appendFileSync(path, third.slice(20))
  expect(await next(messages)).toMatchObject({ kinds: ['attempt a.one'] })
  appendFileSync(path, rest.join(''))
  expect((await next(messages)).kinds.slice(0, 3)).toEqual([
    'outcome a.one',
    'verdict a.one',
    'attempt b.two',
  ])
  expect(await next(messages)).toEqual({ id: 0, event: 'end', kinds: ['finished'] })
  expect(await next(messages)).toMatchObject({ event: 'closed' })
})

test('it goes on where a browser has lost it, after each message', async () => {
  writeFileSync(path, text)
  const whole = (await next(open())).kinds
  expect(whole).toHaveLength(lines.length)
  let at = 0
  for (const [index, line] of lines.entries()) {
    at += Buffer.byteLength(line)
    expect((await next(open(at))).kinds).toEqual(
      index === lines.length - 1 ? ['finished'] : whole.slice(index + 1),
    )
  }
})

test('half a line that the writer takes back is not read; lines that are no events are passed over', async () => {
  const [first = '', second = ''] = lines
  writeFileSync(path, `${first}${second.slice(0, 30)}`)
  const messages = open()
  expect((await next(messages)).kinds).toEqual(['run'])
  truncateSync(path, Buffer.byteLength(first))
  appendFileSync(path, `no json\n{"v":1}\n\u0000\n${second}`)
  expect((await next(messages)).kinds).toEqual(['plan'])
  rmSync(path)
  expect(await next(messages)).toMatchObject({ event: 'end', kinds: ['its events are gone'] })
})

test('a message is one line of data, whatever is in it; a place is a number', () => {
  const hostile = 'a\nevent: end\r\ndata: x\u2028\u0000'
  const message = messageText({ id: 7, event: 'items', data: [hostile] })
  expect(message.split(/\r\n|\n|\r/)).toEqual([
    'id: 7',
    'event: items',
    expect.stringMatching(/^data: /),
    '',
    '',
  ])
  expect(JSON.parse(message.split('\n')[2]?.slice(6) ?? '')).toEqual([hostile])
  expect(['12', ' 12 ', '-1', '1e9', '9'.repeat(16), 'x', ''].map(resumeFrom)).toEqual([
    12, 12, 0, 0, 0, 0, 0,
  ])
  expect(resumeFrom(undefined)).toBe(0)
})
