import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readEventLog, replay } from './event-log.ts'

const u32 = (...values: readonly number[]): Buffer =>
  Buffer.concat(
    values.map((value) => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32LE(value)
      return bytes
    }),
  )
const u16 = (...values: readonly number[]): Buffer =>
  Buffer.concat(
    values.map((value) => {
      const bytes = Buffer.alloc(2)
      bytes.writeUInt16LE(value)
      return bytes
    }),
  )
const sha256 = (data: Buffer | string): Buffer => createHash('sha256').update(data).digest()

const specId = Buffer.concat([
  Buffer.from('Spec ID Event03\0', 'latin1'),
  u32(0),
  Buffer.from([0, 2, 0, 2]),
  u32(2),
  u16(0x04, 20, 0x0b, 32),
  Buffer.from([0]),
])
const header = Buffer.concat([u32(0, 3), Buffer.alloc(20), u32(specId.length), specId])
const event = (pcr: number, type: number, digest: Buffer, data: string): Buffer =>
  Buffer.concat([
    u32(pcr, type, 2),
    u16(0x04),
    Buffer.alloc(20, 1),
    u16(0x0b),
    digest,
    u32(data.length),
    Buffer.from(data, 'latin1'),
  ])

describe('an event log', () => {
  const log = Buffer.concat([
    header,
    event(4, 0x80000003, sha256('loader'), 'loader'),
    event(4, 0x80000003, sha256('kernel'), 'kernel'),
    event(7, 0x80000001, sha256('keys'), 'keys'),
  ])

  it('is read, and gives the values of the registers', () => {
    const events = readEventLog(log)
    expect(events.map(({ pcr, data }) => `${pcr} ${data.toString()}`)).toEqual([
      '4 loader',
      '4 kernel',
      '7 keys',
    ])
    const first = sha256(Buffer.concat([Buffer.alloc(32), sha256('loader')]))
    expect(replay(events).get(4)).toBe(sha256(Buffer.concat([first, sha256('kernel')])).toString('hex'))
    expect([...replay(events).keys()]).toEqual([4, 7])
  })

  it('begins at the locality that it names', () => {
    const located = readEventLog(
      Buffer.concat([
        header,
        event(0, 3, Buffer.alloc(32), 'StartupLocality\0\u0003'),
        event(0, 8, sha256('version'), 'version'),
      ]),
    )
    const start = Buffer.concat([Buffer.alloc(31), Buffer.from([3])])
    expect(replay(located).get(0)).toBe(sha256(Buffer.concat([start, sha256('version')])).toString('hex'))
  })

  it('is refused when it is cut off, of another version, or has digests nobody knows', () => {
    expect(() => readEventLog(log.subarray(0, -1))).toThrow('cut off at byte')
    expect(() =>
      readEventLog(Buffer.concat([u32(0, 3), Buffer.alloc(20), u32(16), Buffer.alloc(16)])),
    ).toThrow('no header of version 2')
    expect(() => readEventLog(Buffer.concat([header, u32(4, 1, 1), u16(0x99)]))).toThrow('unknown kind (153)')
  })
})
