// Waits for the first working SSH connection of a machine that boots. Dials often enough to lose little time and
// seldom enough to cost an emulated guest little; a dial that got nowhere is given up soon and made again.

import { sleep, startDeadline } from '../deadline.ts'
import { codeOf, messageOf } from '../errors.ts'
import { handshake, resolveEndpoint, type ConnectOptions, type SshConnection } from './connection.ts'
import { dial } from './dial.ts'

export interface WaitForSshOptions extends Omit<ConnectOptions, 'bannerTimeoutMs'> {
  readonly timeoutMs: number
  /** The last thing seen of the machine (its last console line), for the timeout's message. */
  readonly lastSeen?: (() => string | undefined) | undefined
  /** As it reads after "waited 90 s for"; default `SSH`. */
  readonly phase?: string | undefined
  /** sshd is known to listen already (a fork, a reconnect): give a silent guest time instead of dialling again. */
  readonly listening?: boolean | undefined
  /**
   * Calls back, until the returned function is called, when the machine says by another way that its sshd or its network has
   * come up: then it is dialled at once, and only now and then before. QEMU's user network delivers every dial of a boot to
   * sshd when that comes up, also those that were given up long before, and each costs an emulated guest a tenth of a second.
   */
  readonly hints?: ((onHint: () => void) => () => void) | undefined
  /** Told why a try failed, each time. */
  readonly onFailure?: ((why: string) => void) | undefined
}

/** Between two dials of a guest that is up but refuses: its kernel answers with one small packet. */
const POLL_MS = 200

/**
 * Dials until a connection is authenticated. Refused, reset, silent and half-done connections and refused keys are
 * tried again (sshd may still be starting, or its logins closed); a changed host key is not. Throws TimeoutError
 * with the last SSH failure and `lastSeen`, or the signal's reason.
 */
export async function waitForSsh(options: WaitForSshOptions): Promise<SshConnection> {
  const started = performance.now()
  let lastFailure = 'nothing tried yet'
  const failed = (why: string): void => {
    lastFailure = why
    options.onFailure?.(why)
  }
  using deadline = startDeadline({
    phase: options.phase ?? 'SSH',
    timeoutMs: options.timeoutMs,
    signal: options.signal,
    lastSeen: () => [lastFailure, options.lastSeen?.()].filter(Boolean).join('; last console line: '),
  })
  let guestAnswers = options.listening === true
  let silences = 0
  let hinted = new AbortController()
  const stopHints = options.hints?.(() => hinted.abort())
  using _ = { [Symbol.dispose]: () => stopHints?.() }
  for (;;) {
    deadline.signal.throwIfAborted()
    const elapsed = performance.now() - started
    const patience =
      stopHints !== undefined && !guestAnswers
        ? clamp(elapsed * 0.3, 8_000, 20_000)
        : bannerPatience(elapsed, guestAnswers, silences)
    hinted = new AbortController()
    try {
      const endpoint = await resolveEndpoint(options.endpoint, deadline.signal)
      const dialled = await dial(endpoint, patience, AbortSignal.any([deadline.signal, hinted.signal]))
      switch (dialled.kind) {
        case 'banner':
          return await handshake(dialled.socket, {
            ...options,
            signal: deadline.signal,
            handshakeTimeoutMs: options.handshakeTimeoutMs ?? clamp(elapsed * 0.25, 30_000, 120_000),
          })
        case 'closed':
          failed(`SSH: ${dialled.why}`)
          guestAnswers = true
          silences = 0
          break
        case 'silent':
          failed('SSH: connected, but no banner')
          guestAnswers = options.listening === true
          silences++
          continue
        default:
          dialled satisfies never
      }
    } catch (error) {
      if (deadline.signal.aborted) throw deadline.signal.reason
      if (hinted.signal.aborted) continue
      if (!isWorthRetrying(error)) throw error
      failed(messageOf(error))
    }
    await sleep(POLL_MS, deadline.signal)
  }
}

/**
 * How long to wait for a banner. A guest that just refused is up, so silence now means that sshd works on it. Else the
 * SYN may have gone to a guest without network, and only a new dial will reach it. Both grow with the time that the
 * boot has taken, because a guest that boots slowly also answers slowly: at most a twentieth of the boot is lost.
 * Where sshd is known to work, each silence in a row makes the next wait longer.
 */
export function bannerPatience(elapsedMs: number, guestAnswers: boolean, silences: number): number {
  if (!guestAnswers) return clamp(elapsedMs * 0.05, 600, 20_000)
  return clamp(Math.max(elapsedMs * 0.15, 4_000 * 1.5 ** silences), 4_000, 30_000)
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}

/** Failures of one try that say nothing about the next. */
function isWorthRetrying(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ssh-connect-failed' || code === 'ssh-auth-failed'
}
