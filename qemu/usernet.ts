// Which port the kernel gave to the SSH forward, read from the monitor's `info usernet` table:
//   TCP[HOST_FORWARD]  12       127.0.0.1 33445       10.0.2.15    22     0     0

import { InfraError } from '../harness/errors.ts'
import type { QmpConnection } from './qmp.ts'

const FORWARD = /^\s*TCP\[HOST_FORWARD\]\s+\d+\s+(\S+)\s+(\d+)\s+\S+\s+(\d+)\s/gm

/** The host port that is forwarded to `guestPort`; undefined unless exactly one is, on 127.0.0.1. */
export function parseForwardedPort(table: string, guestPort: number): number | undefined {
  const ports = [...table.matchAll(FORWARD)]
    .filter(([, address, , guest]) => address === '127.0.0.1' && Number(guest) === guestPort)
    .map(([, , port]) => Number(port))
    .filter((port) => Number.isInteger(port) && port > 0 && port < 65_536)
  return ports.length === 1 ? ports[0] : undefined
}

/** Asks a running QEMU for its SSH port. */
export async function readSshPort(qmp: QmpConnection, signal?: AbortSignal): Promise<number> {
  const table = await qmp.execute('human-monitor-command', { 'command-line': 'info usernet' }, { signal })
  const port = parseForwardedPort(table, 22)
  if (port !== undefined) return port
  throw new InfraError('QEMU does not show the SSH forward it was asked for', {
    code: 'no-ssh-forward',
    hint: `its "info usernet" says:\n${table.trim()}`,
  })
}
