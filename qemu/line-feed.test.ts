// Lines out of hostile bytes, in any chunking, with bounded memory.

import { describe, expect, test } from 'vitest'
import { LineBuffer, MAX_LINE } from './line-feed.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)

function collect(feed: LineBuffer): string[] {
  const lines: string[] = []
  feed.subscribe((line) => lines.push(line))
  return lines
}

describe('LineBuffer', () => {
  test('gives the same lines for every chunking', () => {
    const text = 'first\r\nzweite ä€😀\n\nlast\n'
    for (let size = 1; size < 12; size += 1) {
      const feed = new LineBuffer()
      const lines = collect(feed)
      const all = bytes(text)
      for (let at = 0; at < all.length; at += size) feed.push(all.subarray(at, at + size))
      expect(lines).toEqual(['first', 'zweite ä€😀', '', 'last'])
      expect(feed.bytes).toBe(all.length)
    }
  })

  test('replaces bad UTF-8 and keeps escape codes for the reader to deal with', () => {
    const feed = new LineBuffer()
    const lines = collect(feed)
    feed.push(Uint8Array.from([0x61, 0xff, 0x62, 0x1b, 0x5b, 0x32, 0x4a, 0x0a]))
    expect(lines).toEqual(['a\uFFFDb\u001B[2J'])
  })

  test('cuts endless lines', () => {
    const feed = new LineBuffer()
    const lines = collect(feed)
    feed.push(bytes('x'.repeat(MAX_LINE * 2 + 5)))
    feed.push(bytes('\ny\n'))
    expect(lines.map((line) => line.length)).toEqual([MAX_LINE, MAX_LINE, 5, 1])
  })

  test('an unfinished line is in the tail, and a line when the source ends', () => {
    const feed = new LineBuffer()
    const lines = collect(feed)
    feed.push(bytes('one\ntwo\nlogin: '))
    expect(feed.tail(2)).toEqual(['two', 'login: '])
    expect(feed.tail(0)).toEqual([])
    feed.endLine()
    expect(lines).toEqual(['one', 'two', 'login: '])
    expect(feed.tail(9)).toEqual(['one', 'two', 'login: '])
  })

  test('a late subscriber gets the history, one that left gets nothing', () => {
    const feed = new LineBuffer()
    const early: string[] = []
    const leave = feed.subscribe((line) => early.push(line))
    feed.push(bytes('a\nb\n'))
    leave()
    const late = collect(feed)
    feed.push(bytes('c\n'))
    expect(early).toEqual(['a', 'b'])
    expect(late).toEqual(['a', 'b', 'c'])
  })

  test('a subscriber that throws does not stop the others', () => {
    const feed = new LineBuffer()
    const warnings: string[] = []
    const onWarning = (warning: Error): void => void warnings.push(warning.message)
    process.on('warning', onWarning)
    feed.subscribe(() => {
      throw new Error('broken reader')
    })
    const lines = collect(feed)
    feed.push(bytes('a\nb\n'))
    expect(lines).toEqual(['a', 'b'])
    process.off('warning', onWarning)
  })

  test.each([
    ['empty lines', '\n'.repeat(4096)],
    ['long lines', `${'x'.repeat(4095)}\n`],
  ])('a flood of %s keeps a bounded history', (_, chunk) => {
    const feed = new LineBuffer()
    for (let sent = 0; sent < 3 * 1024 * 1024; sent += chunk.length) feed.push(bytes(chunk))
    const late = collect(feed)
    expect(late[0]).toMatch(/^\[signalbox: \d+ earlier lines are not kept in memory\]$/)
    const cost = late.reduce((sum, line) => sum + line.length + 64, 0)
    expect(cost).toBeLessThan(1024 * 1024 + 200)
    expect(cost).toBeGreaterThan(900 * 1024)
  })
})
