// Why a QEMU process ended, as one discriminated value: from its exit status, its last QMP SHUTDOWN event, and whether
// we asked for it.

import type { ChildEnd } from './child.ts'
import type { ShutdownReason } from './qmp-commands.ts'

/** How a machine's process came to its end. Everything but the guest's own doing is the host's. */
export type MachineEnd =
  | { readonly kind: 'guest-poweroff' }
  | { readonly kind: 'guest-reboot' }
  /** We killed it or told it to quit. */
  | { readonly kind: 'requested' }
  | { readonly kind: 'killed'; readonly signal: string }
  | { readonly kind: 'crashed'; readonly detail: string }

/** Pure: process status and circumstances in, reason out. */
export function explainEnd(
  end: ChildEnd,
  seen: { readonly shutdown: ShutdownReason | undefined; readonly requested: boolean },
): MachineEnd {
  if (seen.requested) return { kind: 'requested' }
  if (end.signal !== undefined) return { kind: 'killed', signal: end.signal }
  switch (seen.shutdown) {
    case 'guest-shutdown':
      return { kind: 'guest-poweroff' }
    case 'guest-reset':
      return { kind: 'guest-reboot' }
    case 'host-qmp-quit':
    case 'host-qmp-system-reset':
      return { kind: 'requested' }
    case 'host-signal':
    case 'host-ui':
      return { kind: 'killed', signal: signalIn(end.messages) }
    case 'none':
    case 'host-error':
    case 'guest-panic':
    case 'subsystem-reset':
    case 'snapshot-load':
    case undefined:
      return { kind: 'crashed', detail: `exit status ${end.exitCode}: ${end.messages.trim()}` }
    default:
      return seen.shutdown satisfies never
  }
}

// QEMU ends cleanly on SIGTERM and friends, and names the signal: "terminating on signal 15 from pid 42".
function signalIn(messages: string): string {
  const number = /terminating on signal (\d+)/.exec(messages)?.[1]
  return number === undefined ? 'a signal' : `signal ${number}`
}
