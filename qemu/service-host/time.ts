// NTP in server mode (RFC 5905), pure: a request's bytes to an answer's. The time that it gives may be wrong on purpose.

/** What NTP announces for the end of the day: nothing, a second more, a second less; or that it does not know the time. */
export type LeapWarning = (typeof leapWarnings)[number]
export const leapWarnings = ['none', 'insert', 'delete', 'unsynchronised'] as const

export interface GivenTime {
  /** Milliseconds since 1970, as given out; fractions count. */
  readonly nowMs: number
  readonly leap: LeapWarning
}

const PACKET_BYTES = 48
const LEAP = { none: 0, insert: 1, delete: 2, unsynchronised: 3 } as const satisfies Record<
  LeapWarning,
  number
>
const CLIENT_MODE = 3
const SERVER_MODE = 4
// From 1900 to 1970.
const EPOCH_SECONDS = 2_208_988_800

/** The answer to a client's request; undefined for what is none. Extension fields and keys are not answered. */
export function answerNtp(request: Buffer, { nowMs, leap }: GivenTime): Buffer | undefined {
  if (request.length < PACKET_BYTES) return undefined
  const first = request.readUInt8(0)
  const version = (first >> 3) & 7
  if ((first & 7) !== CLIENT_MODE || version < 1 || version > 4) return undefined
  const answer = Buffer.alloc(PACKET_BYTES)
  const isKnown = leap !== 'unsynchronised'
  // Stratum 1: the reference identifier is four letters of the source (RFC 5905, 7.3). 16: unsynchronised.
  answer.set(
    [(LEAP[leap] << 6) | (version << 3) | SERVER_MODE, isKnown ? 1 : 16, request.readUInt8(2), 0xec],
    0,
  )
  // Root delay 0, root dispersion 1/1024 s, in 16.16.
  answer.writeUInt32BE(64, 8)
  answer.write(isKnown ? 'LOCL' : 'INIT', 12, 'latin1')
  writeTimestamp(answer, 16, nowMs - 1000)
  request.copy(answer, 24, 40, 48)
  writeTimestamp(answer, 32, nowMs)
  writeTimestamp(answer, 40, nowMs)
  return answer
}

// 32 bits of seconds, which start anew in 2036 (RFC 5905, 6), and 32 bits of fractions.
function writeTimestamp(packet: Buffer, at: number, ms: number): void {
  const seconds = Math.floor(ms / 1000)
  const era = 2 ** 32
  packet.writeUInt32BE((((seconds + EPOCH_SECONDS) % era) + era) % era, at)
  packet.writeUInt32BE(Math.floor(((ms / 1000 - seconds) % 1) * era), at + 4)
}
