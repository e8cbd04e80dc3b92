// Ends a command that ran out of time. Closing a channel does not stop a silent program, and SSH's signal request
// cannot reach a program of another user, so a command under sudo is found again by its marker.

import { randomBytes } from 'node:crypto'
import type { ClientChannel } from 'ssh2'
import { abortable } from '../deadline.ts'
import { closeChannel } from './close-channel.ts'
import type { SshConnection } from './connection.ts'

// Finds the session of the marked sudo and kills all of it. `[x]` keeps the pattern from finding its own command line.
const KILL_SESSION = `for p in $(pgrep -f -- "$1"); do
  s=$(ps -o sid= -p "$p" | tr -d ' ')
  test -n "$s" && pkill -KILL -s "$s"
done`

/** How long the guest may take to obey; the caller is already past its deadline. */
const PATIENCE_MS = 3_000

/** A new word that no other process of the guest carries. */
export function newMarker(): string {
  return `signalbox-${randomBytes(6).toString('hex')}`
}

/** Signals, then closes the channel. Best effort; never throws, takes at most a few seconds. */
export async function endRemote(
  connection: SshConnection,
  channel: ClientChannel,
  marker: string | undefined,
): Promise<void> {
  if (!connection.isOpen) return
  sendKill(channel)
  if (marker !== undefined) await killMarked(connection, marker)
  closeChannel(channel)
}

/** What ssh2 keeps to itself of a channel. */
interface Insides {
  readonly outgoing?: { readonly id?: number }
  readonly _client?: {
    readonly _protocol?: { readonly signal?: (this: unknown, channel: number, name: string) => void }
  }
}

/**
 * RFC 4254, 6.9. OpenSSH 7.9 and later deliver it to the command's process group (not for a login as root); older ones
 * ignore it. ssh2's own `channel.signal` does nothing once the input has ended, which it nearly always has.
 */
function sendKill(channel: ClientChannel): void {
  const { outgoing, _client: client }: Insides = channel as unknown as Insides
  const protocol = client?._protocol
  if (outgoing?.id === undefined || protocol?.signal === undefined) channel.signal('KILL')
  else protocol.signal(outgoing.id, 'KILL')
}

async function killMarked(connection: SshConnection, marker: string): Promise<void> {
  const pattern = `[${marker.slice(0, 1)}]${marker.slice(1)}`
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const command = `sudo -n -- sh -c '${KILL_SESSION.replaceAll("'", `'\\''`)}' sh '${pattern}'`
  try {
    await connection.withSession(command, signal, async (channel) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      channel.on('close', () => resolve()).resume()
      channel.stderr.resume()
      channel.end()
      try {
        await abortable(promise, signal)
      } finally {
        if (signal.aborted) closeChannel(channel)
      }
    })
  } catch {
    // The machine is not able to; the caller's error says what matters.
  }
}
