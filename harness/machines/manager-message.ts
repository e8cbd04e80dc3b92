// The one question that is put to systemd over D-Bus, and its answers: how many units have failed. Pure. After the D-Bus
// specification ("Message Protocol", "Authentication Protocol") and org.freedesktop.systemd1(5).

/** Said first: no credentials, since `systemd-stdio-bridge` has those of whoever started it; the word is for traces. */
export const GREETING = `\0AUTH ANONYMOUS ${Buffer.from('signalbox').toString('hex')}\r\nBEGIN\r\n`

const LITTLE_ENDIAN = 0x6c
const VERSION = 1
const METHOD_CALL = 1
const METHOD_RETURN = 2
const FIXED_BYTES = 16
/** systemd's other messages, which every private connection gets, are smaller. */
const LONGEST_MESSAGE = 1024 * 1024

/** Asks for the property NFailedUnits of the manager. */
export function askForFailedUnits(serial: number): Buffer {
  const fields = writer()
  fields.field(1, 'o', '/org/freedesktop/systemd1')
  fields.field(2, 's', 'org.freedesktop.DBus.Properties')
  fields.field(3, 's', 'Get')
  fields.field(6, 's', 'org.freedesktop.systemd1')
  fields.field(8, 'g', 'ss')
  const body = writer()
  body.text('org.freedesktop.systemd1.Manager')
  body.text('NFailedUnits')
  const head = writer()
  head.bytes(LITTLE_ENDIAN, METHOD_CALL, 0, VERSION)
  head.number(body.size())
  head.number(serial)
  head.number(fields.size())
  head.bytes(...fields.done())
  head.align(8)
  return Buffer.from([...head.done(), ...body.done()])
}

/** An answer to a question. */
export interface ManagerReply {
  /** Of the question. */
  readonly serial: number
  /** Undefined: it was refused. */
  readonly failedUnits: number | undefined
}

/** Reads what comes back, the greeting's answer included. Throws for what is not D-Bus. */
export function replyReader(onReply: (reply: ManagerReply) => void): (chunk: Buffer) => void {
  let pending = Buffer.alloc(0)
  let greeted = false
  const greet = (): boolean => {
    const end = pending.indexOf('\r\n')
    if (end === -1 && pending.length < 1000) return false
    const line = pending.subarray(0, Math.max(0, end)).toString('latin1')
    if (!line.startsWith('OK ')) throw new Error('the bridge to systemd does not let us in')
    pending = pending.subarray(end + 2)
    return true
  }
  return (chunk) => {
    pending = Buffer.concat([pending, chunk])
    greeted ||= greet()
    if (!greeted) return
    while (pending.length >= FIXED_BYTES) {
      const [order, type] = pending
      if (order !== LITTLE_ENDIAN) throw new Error('what comes from systemd is no D-Bus message')
      const bodyAt = alignUp(FIXED_BYTES + pending.readUInt32LE(12), 8)
      const length = bodyAt + pending.readUInt32LE(4)
      if (length > LONGEST_MESSAGE) throw new Error(`systemd sends a message of ${length} bytes`)
      if (pending.length < length) return
      const message = pending.subarray(0, length)
      pending = pending.subarray(length)
      const serial = replySerial(message.subarray(FIXED_BYTES, bodyAt))
      // Signals of systemd's own come as well.
      if (serial !== undefined)
        onReply({
          serial,
          failedUnits: type === METHOD_RETURN ? variantNumber(message.subarray(bodyAt)) : undefined,
        })
    }
  }
}

/** Of the header fields, an array of (byte, variant) each aligned to 8: number 5 is the serial that is answered. */
function replySerial(fields: Buffer): number | undefined {
  for (let at = 0; at + 8 <= fields.length; at = alignUp(at, 8)) {
    const code = fields[at]
    const signature = String.fromCharCode(fields[at + 2] ?? 0)
    at += 4
    if (signature === 'u') {
      if (code === 5) return fields.readUInt32LE(at)
      at += 4
    } else if (signature === 'g') at += (fields[at] ?? 0) + 2
    else at += 4 + fields.readUInt32LE(at) + 1
  }
  return undefined
}

/** A variant that holds a UINT32. */
function variantNumber(body: Buffer): number | undefined {
  return body.length === 8 && body.subarray(0, 3).equals(Buffer.from([1, 0x75, 0]))
    ? body.readUInt32LE(4)
    : undefined
}

const alignUp = (at: number, to: number): number => Math.ceil(at / to) * to

function writer() {
  const out: number[] = []
  const align = (to: number): void => {
    while (out.length % to !== 0) out.push(0)
  }
  const number = (value: number): void => {
    align(4)
    for (const shift of [0, 8, 16, 24]) out.push((value >>> shift) & 0xff)
  }
  const text = (value: string): void => {
    number(value.length)
    out.push(...Buffer.from(value), 0)
  }
  const signature = (value: string): void => void out.push(value.length, ...Buffer.from(value), 0)
  return {
    bytes: (...values: readonly number[]): void => void out.push(...values),
    align,
    number,
    text,
    field: (code: number, type: 'o' | 's' | 'g', value: string): void => {
      align(8)
      out.push(code)
      signature(type)
      if (type === 'g') signature(value)
      else text(value)
    },
    size: () => out.length,
    done: (): readonly number[] => out,
  }
}
