// systemd's own socket on a fake machine: it answers the one question of the harness (harness/machines/manager-message.ts) in
// the bytes of a real systemd 257.

import type { FakeGuest, ShellIo } from './fake-shell.ts'

/** What systemd answered to a Get of NFailedUnits. */
const REPLY = Buffer.from(
  '6c020101080000000100000037000000050175000100000007017300180000006f72672e667265656465736b746f702e73797374656d643100000000' +
    '0000000008016700017600000175000002000000',
  'hex',
)
const OUR_SERIAL = 20

/** Serves one connection until it ends. */
export async function serveManager(guest: FakeGuest, io: ShellIo): Promise<number> {
  let pending = Buffer.alloc(0)
  let isIn = false
  io.onInput((chunk) => {
    pending = Buffer.concat([pending, chunk])
    const begin = pending.indexOf('BEGIN\r\n')
    if (!isIn && begin === -1) return
    if (!isIn) {
      isIn = true
      pending = pending.subarray(begin + 'BEGIN\r\n'.length)
      io.out('OK 0123456789abcdef0123456789abcdef\r\n')
    }
    while (pending.length >= 16) {
      const length = Math.ceil((16 + pending.readUInt32LE(12)) / 8) * 8 + pending.readUInt32LE(4)
      if (pending.length < length) return
      const reply = Buffer.from(REPLY)
      reply.writeUInt32LE(pending.readUInt32LE(8), OUR_SERIAL)
      reply.writeUInt32LE(guest.failedUnits.size, reply.length - 4)
      pending = pending.subarray(length)
      io.out(reply)
    }
  })
  await io.closed
  return 0
}
