// Closes a channel before the remote side does.

import type { ClientChannel } from 'ssh2'

/**
 * Closes now and drops what still comes. ssh2 goes on granting window for a channel that it has closed; sshd may by
 * then have given the channel's number to the next command, would send that one more than ssh2 expects, and ssh2
 * would throw the surplus away without a word. A window that is never used up is never granted again.
 */
export function closeChannel(channel: ClientChannel): void {
  if ('incoming' in channel && typeof channel.incoming === 'object' && channel.incoming !== null) {
    Object.assign(channel.incoming, { window: Number.POSITIVE_INFINITY })
  }
  channel.close()
  channel.resume()
  channel.stderr.resume()
}
