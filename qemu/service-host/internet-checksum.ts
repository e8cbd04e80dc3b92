// The checksum of IPv4, ICMP and UDP (RFC 1071).

/** The checksum over these bytes in order; every part but the last must have an even length. 0 over what carries its own. */
export function internetChecksum(...parts: readonly Uint8Array[]): number {
  let sum = 0
  for (const part of parts) {
    for (let at = 0; at + 1 < part.length; at += 2) sum += ((part[at] ?? 0) << 8) | (part[at + 1] ?? 0)
    if (part.length % 2 === 1) sum += (part.at(-1) ?? 0) << 8
  }
  // Frames are short: the sum is far below 2^48.
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000)
  return 0xffff - sum
}
