// Addresses as bytes and as the names under which DNS looks them up backwards.

/** The 6 bytes of `52:54:00:12:34:56`. */
export function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex')
}

/** The 4 or 16 bytes of an address in its usual text form, without a zone or an embedded IPv4 address. */
export function addressBytes(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail] = address.split('::')
  const words = (text: string | undefined): readonly string[] =>
    text === undefined || text === '' ? [] : text.split(':')
  const missing = tail === undefined ? 0 : 8 - words(head).length - words(tail).length
  const all = [...words(head), ...Array.from({ length: missing }, () => '0'), ...words(tail)]
  return Buffer.from(all.map((word) => word.padStart(4, '0')).join(''), 'hex')
}

/** The text form of 4 or 16 bytes; the longest run of zeros is not looked for: `fd77:0:0:0:0:0:0:12`. */
export function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.')
  const words = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16))
  return words.join(':')
}

/** `10.0.77.10.in-addr.arpa` (RFC 1035, 3.5) or the nibbles under `ip6.arpa` (RFC 3596, 2.5). */
export function reverseName(address: string): string {
  const bytes = addressBytes(address)
  if (bytes.length === 4) return `${bytes.toReversed().join('.')}.in-addr.arpa`
  return `${bytes.toString('hex').split('').toReversed().join('.')}.ip6.arpa`
}
