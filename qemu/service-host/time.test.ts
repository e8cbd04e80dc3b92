// The answers of the network's clock.

import { expect, test } from 'vitest'
import { openClock } from './clock.ts'
import { answerNtp } from './time.ts'

// 2026-11-28T00:00:00.25Z
const NOW_MS = Date.UTC(2026, 10, 28) + 250
const TO_1970 = 2_208_988_800

function request(version = 4, mode = 3): Buffer {
  const packet = Buffer.alloc(48)
  packet.writeUInt8((version << 3) | mode, 0)
  packet.writeUInt8(6, 2)
  packet.write('transmit', 40, 'latin1')
  return packet
}

test('a client gets the time, and its own timestamp back', () => {
  const answer = answerNtp(request(), { nowMs: NOW_MS, leap: 'none' })
  expect(answer?.length).toBe(48)
  // No leap second, version 4, server; stratum 1; the client's poll interval.
  expect([...(answer?.subarray(0, 3) ?? [])]).toEqual([0x24, 1, 6])
  expect(answer?.toString('latin1', 12, 16)).toBe('LOCL')
  expect(answer?.toString('latin1', 24, 32)).toBe('transmit')
  for (const at of [32, 40]) {
    expect(answer?.readUInt32BE(at)).toBe(Math.floor(NOW_MS / 1000) + TO_1970)
    expect(answer?.readUInt32BE(at + 4)).toBe(2 ** 30)
  }
  // Set a second ago, on itself: root delay 0 and a dispersion far below what clients reject.
  expect(answer?.readUInt32BE(16)).toBe(Math.floor(NOW_MS / 1000) - 1 + TO_1970)
  expect(answer?.readUInt32BE(4)).toBe(0)
  expect(answer?.readUInt32BE(8)).toBeLessThan(0x10000)
})

test.each([
  ['none', 0, 1],
  ['insert', 1, 1],
  ['delete', 2, 1],
  ['unsynchronised', 3, 16],
] as const)('leap warning %s', (leap, bits, stratum) => {
  const answer = answerNtp(request(3), { nowMs: NOW_MS, leap })
  expect((answer?.readUInt8(0) ?? 0) >> 6).toBe(bits)
  // The client's version.
  expect(((answer?.readUInt8(0) ?? 0) >> 3) & 7).toBe(3)
  expect(answer?.readUInt8(1)).toBe(stratum)
})

test('the seconds start anew in 2036, and go back before 1900', () => {
  const seconds = (nowMs: number): number | undefined =>
    answerNtp(request(), { nowMs, leap: 'none' })?.readUInt32BE(40)
  expect(seconds(Date.UTC(2036, 1, 7, 6, 28, 15))).toBe(2 ** 32 - 1)
  expect(seconds(Date.UTC(2036, 1, 7, 6, 28, 16))).toBe(0)
  expect(seconds(Date.UTC(1899, 11, 31, 23, 59, 59))).toBe(2 ** 32 - 1)
})

test.each([
  ['too short', request().subarray(0, 47)],
  ['empty', Buffer.alloc(0)],
  ['from a server', request(4, 4)],
  ['a control message', request(4, 6)],
  ['a broadcast', request(4, 5)],
  ['of version 0', request(0)],
  ['of version 5', request(5)],
])('%s: no answer', (_, packet) => {
  expect(answerNtp(packet, { nowMs: NOW_MS, leap: 'none' })).toBeUndefined()
})

test('the clock keeps who asked and what they were told, within bounds', () => {
  const clock = openClock({
    nowMs: () => NOW_MS,
    nameOf: (address) => (address[3] === 10 ? 'm0' : undefined),
  })
  const m0 = Buffer.from([10, 77, 0, 10])
  clock.answer(request(), m0)
  clock.set({ offsetMs: -3_600_000, leap: 'insert' })
  const answer = clock.answer(request(), Buffer.from('fd770000000000000000000000000099', 'hex'))
  expect(answer?.readUInt32BE(40)).toBe(Math.floor(NOW_MS / 1000) - 3600 + TO_1970)
  clock.answer(Buffer.alloc(3), m0)
  expect(clock.requests).toEqual([
    { from: 'm0', offsetMs: 0, leap: 'none' },
    { from: 'fd77:0:0:0:0:0:0:99', offsetMs: -3_600_000, leap: 'insert' },
  ])
  clock.set({})
  for (let count = 0; count < 10_010; count += 1) clock.answer(request(), m0)
  expect(clock.requests).toHaveLength(10_000)
  expect(clock.requests.at(-1)).toEqual({ from: 'm0', offsetMs: 0, leap: 'none' })
})

test.each([{ offsetMs: Number.NaN }, { offsetMs: 1e15 }, { leap: 'sideways' }])('%j is refused', (time) => {
  const clock = openClock({ nowMs: () => NOW_MS, nameOf: () => undefined })
  expect(() => clock.set(time as Parameters<typeof clock.set>[0])).toThrow(
    expect.objectContaining({ code: 'bad-time' }),
  )
})
