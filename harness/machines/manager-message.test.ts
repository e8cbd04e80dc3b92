// The bytes of a real systemd 257 (Debian 13), recorded through systemd-stdio-bridge with two failed units.

import { expect, it } from 'vitest'
import { askForFailedUnits, replyReader, type ManagerReply } from './manager-message.ts'

const OK = Buffer.from('OK 74f3245823f9fe841b58d36e41ce5bf1\r\n')
const answer = (serial: string): Buffer =>
  Buffer.from(
    `6c0201010800000001000000370000000501750${serial}07017300180000006f72672e667265656465736b746f702e73797374656d6431` +
      '000000000000000008016700017600000175000002000000',
    'hex',
  )
/** Another header field first, as the specification allows: the destination. */
const SIGNAL = Buffer.concat([
  Buffer.from([
    0x6c, 4, 1, 1, 4, 0, 0, 0, 9, 0, 0, 0, 11, 0, 0, 0, 3, 1, 0x73, 0, 2, 0, 0, 0, 0x4a, 0x4e, 0, 0, 0, 0, 0,
    0,
  ]),
  Buffer.from([1, 2, 3, 4]),
])
const refusal = (): Buffer => {
  const bytes = Buffer.from(answer('001000000'))
  bytes[1] = 3
  return bytes
}

function read(bytes: Buffer, size: number): readonly ManagerReply[] {
  const replies: ManagerReply[] = []
  const push = replyReader((reply) => void replies.push(reply))
  for (let at = 0; at < bytes.length; at += size) push(bytes.subarray(at, at + size))
  return replies
}

it('asks as the specification wants it', () => {
  const bytes = askForFailedUnits(258)
  expect(bytes.subarray(0, 16).toString('hex')).toBe('6c010001390000000201000090000000')
  expect(bytes.length).toBe(Math.ceil((16 + 0x90) / 8) * 8 + 0x39)
  expect(bytes.toString('latin1')).toContain('Properties')
})

it.each([1, 3, 16, 1000])('reads answers in pieces of %i bytes, and past what nobody asked for', (size) => {
  const all = Buffer.concat([OK, answer('001000000'), SIGNAL, answer('002010000')])
  expect(read(all, size)).toEqual([
    { serial: 1, failedUnits: 2 },
    { serial: 258, failedUnits: 2 },
  ])
})

it('knows a refusal', () => {
  expect(read(Buffer.concat([OK, refusal()]), 1000)).toEqual([{ serial: 1, failedUnits: undefined }])
})

it.each([
  ['no greeting', Buffer.from('REJECTED EXTERNAL\r\n')],
  ['a greeting without end', Buffer.alloc(5000, 0x20)],
  ['no D-Bus', Buffer.concat([OK, Buffer.from('sh: 1: systemd-stdio-bridge: not found\n')])],
  ['an endless message', Buffer.concat([OK, Buffer.from('6c020101ffffff7f0100000037000000', 'hex')])],
])('gives up on %s', (_, bytes) => {
  expect(() => read(bytes, 7)).toThrow()
})
