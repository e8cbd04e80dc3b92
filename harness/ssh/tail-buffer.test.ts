import { expect, test } from 'vitest'
import { remoteCommand } from './quote.ts'
import { TailBuffer } from './tail-buffer.ts'

test.each([1, 2, 3, 7, 64, 1000])('keeps the last bytes whatever the chunks: limit %i', (limit) => {
  const whole = Buffer.from(Array.from({ length: 5000 }, (_, n) => n % 251))
  for (const step of [1, 2, 5, 63, 64, 65, 999, 5000]) {
    const tail = new TailBuffer(limit)
    for (let at = 0; at < whole.length; at += step) tail.push(whole.subarray(at, at + step))
    expect(tail.bytes().equals(whole.subarray(-limit))).toBe(true)
    expect([tail.total, tail.dropped]).toEqual([5000, 5000 - limit])
  }
})

test('nothing is dropped up to the limit, and a limit of zero keeps nothing', () => {
  const tail = new TailBuffer(10)
  tail.push(Buffer.from('12345'))
  tail.push(Buffer.from('67890'))
  expect([tail.text(), tail.dropped]).toEqual(['1234567890', 0])
  const none = new TailBuffer(0)
  none.push(Buffer.from('x'))
  expect([none.text(), none.total, none.dropped]).toEqual(['', 1, 1])
})

test('a character that is cut at the front is left out', () => {
  const tail = new TailBuffer(5)
  tail.push(Buffer.from('ab€€'))
  expect(tail.text()).toBe('€')
})

test('commands that cannot be passed on are refused', () => {
  expect(() => remoteCommand('')).toThrow('empty')
  expect(() => remoteCommand([])).toThrow('empty')
  expect(() => remoteCommand(['a\0b'])).toThrow('NUL')
  expect(() => remoteCommand('a', { env: { 'a b': '' } })).toThrow('"a b" cannot be the name')
})

test('the wire form of sudo', () => {
  expect(remoteCommand("echo 'x' | wc", { sudo: true })).toBe(`sudo -n -- sh -c 'echo '\\''x'\\'' | wc'`)
  expect(remoteCommand(['a', 'b c'], { sudo: true, env: { X: '1 2' }, marker: 'm' })).toBe(
    `sudo -n -p m -- env 'X=1 2' a 'b c'`,
  )
})
