// Host keys as text: what is pinned, and how people compare it.

import { createHash } from 'node:crypto'

/** The raw key of the wire as `ssh-ed25519 AAAA...`, as in `known_hosts`. */
export function hostKeyLine(key: Buffer): string {
  const length = key.length >= 4 ? key.readUInt32BE(0) : 0
  const type = key.toString('latin1', 4, 4 + length).replaceAll(/[^a-zA-Z0-9@.-]/g, '?')
  return `${type} ${key.toString('base64')}`
}

/** `SHA256:...` as ssh-keygen(1) prints it, for a line from `hostKeyLine`. */
export function hostKeyFingerprint(line: string): string {
  const blob = Buffer.from(line.split(' ')[1] ?? '', 'base64')
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}
