// Tables of `info usernet` as QEMU prints them.

import { expect, test } from 'vitest'
import { parseForwardedPort } from './usernet.ts'

const HEADER = `Hub -1 (net0):
  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ
`
const forward = (address: string, port: number): string =>
  `  TCP[HOST_FORWARD]  12       ${address} ${port}       10.0.2.15    22     0     0\r\n`

test.each([
  ['one forward', forward('127.0.0.1', 33_445), 33_445],
  [
    'a connection beside it',
    `  TCP[ESTABLISHED]  14       127.0.0.1 33445       10.0.2.15    22     0     0\n${forward('127.0.0.1', 40_000)}`,
    40_000,
  ],
  ['none', '', undefined],
  ['two: which is ours?', forward('127.0.0.1', 1000) + forward('127.0.0.1', 2000), undefined],
  ['not on the loopback', forward('*', 33_445), undefined],
  ['port 0', forward('127.0.0.1', 0), undefined],
])('%s', (_, table, port) => {
  expect(parseForwardedPort(HEADER + table, 22)).toBe(port)
})

test('another guest port is not ours', () => {
  expect(parseForwardedPort(HEADER + forward('127.0.0.1', 33_445), 80)).toBeUndefined()
})
