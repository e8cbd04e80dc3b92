// The firmware's log of what it measured, and what the TPM's registers must hold when it tells the truth: TCG PC Client Platform
// Firmware Profile, "TCG_PCR_EVENT2". Only SHA-256 is followed.

import { createHash } from 'node:crypto'

export interface MeasuredEvent {
  readonly pcr: number
  readonly type: number
  /** SHA-256, hex; undefined where the log has none. */
  readonly digest: string | undefined
  /** What was logged beside it, not measured itself. */
  readonly data: Buffer
}

const SHA256 = 0x0b
const NO_ACTION = 3

/** Reads the log. Throws RangeError for one that is cut off, Error for one that has no header of version 2. */
export function readEventLog(log: Buffer): readonly MeasuredEvent[] {
  let at = 0
  const take = (length: number): Buffer => {
    if (at + length > log.length) throw new RangeError(`the event log is cut off at byte ${log.length}`)
    at += length
    return log.subarray(at - length, at)
  }
  const u32 = (): number => take(4).readUInt32LE()
  const u16 = (): number => take(2).readUInt16LE()
  // The header is an event of the old form, with one SHA-1 digest.
  take(4 + 4 + 20)
  const header = take(u32())
  if (header.subarray(0, 16).toString('latin1') !== 'Spec ID Event03\0')
    throw new Error('the event log has no header of version 2')
  const sizes = new Map<number, number>()
  for (let algorithm = 0; algorithm < header.readUInt32LE(24); algorithm += 1)
    sizes.set(header.readUInt16LE(28 + 4 * algorithm), header.readUInt16LE(30 + 4 * algorithm))
  const events: MeasuredEvent[] = []
  while (at < log.length) {
    const [pcr, type, count] = [u32(), u32(), u32()]
    let digest: string | undefined
    for (let index = 0; index < count; index += 1) {
      const algorithm = u16()
      const size = sizes.get(algorithm)
      if (size === undefined) throw new Error(`the event log has a digest of an unknown kind (${algorithm})`)
      const value = take(size)
      if (algorithm === SHA256) digest = value.toString('hex')
    }
    events.push({ pcr, type, digest, data: take(u32()) })
  }
  return events
}

/** What the events make of the registers they name: SHA-256, hex in lower case. */
export function replay(events: readonly MeasuredEvent[]): ReadonlyMap<number, string> {
  const registers = new Map<number, Buffer>()
  for (const { pcr, type, digest, data } of events) {
    const before = registers.get(pcr) ?? Buffer.alloc(32)
    if (type === NO_ACTION) {
      // Nothing is measured; but the locality at start-up is what register 0 began with.
      if (pcr === 0 && data.subarray(0, 16).toString('latin1') === 'StartupLocality\0')
        registers.set(0, Buffer.concat([Buffer.alloc(31), data.subarray(16, 17)]))
    } else if (digest !== undefined) {
      const value = Buffer.concat([before, Buffer.from(digest, 'hex')])
      registers.set(pcr, createHash('sha256').update(value).digest())
    }
  }
  return new Map([...registers].map(([pcr, value]) => [pcr, value.toString('hex')]))
}
