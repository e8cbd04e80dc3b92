import { expect, it } from 'vitest'
import { journalReader } from './follow-journal.ts'

const line = (monotonic: string | undefined, message: string): string =>
  JSON.stringify({
    MESSAGE: message,
    _BOOT_ID: 'b',
    __MONOTONIC_TIMESTAMP: monotonic,
    SYSLOG_IDENTIFIER: 'x',
  })

function read(lines: readonly string[]): readonly string[] {
  const seen: string[] = []
  const reader = journalReader({ onRaw: () => undefined, onEntry: (text) => seen.push(text) })
  for (const each of lines) reader.line(each)
  return seen
}

it('passes over entries that come again when the journal has moved, and nothing else', () => {
  expect(
    read([
      line('1', 'a'),
      line('2', 'b'),
      '{"MESSAGE":"cut in the mid',
      line('1', 'a'),
      line('2', 'b'),
      line('2', 'c'),
      line('3', 'a'),
    ]),
  ).toEqual(['x: a', 'x: b', 'x: c', 'x: a'])
})

it('keeps entries without a time, even equal ones', () => {
  expect(read([line(undefined, 'a'), line(undefined, 'a')])).toEqual(['x: a', 'x: a'])
})

it('knows an entry after thousands of others, and forgets in the end', () => {
  const many = Array.from({ length: 4000 }, (_, n) => line(`${n}`, 'a'))
  expect(read([...many, ...many])).toHaveLength(4000)
})
