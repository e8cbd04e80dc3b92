// What the machines of one attempt tell each other: keys with values, and barriers. Bounded in every direction, since guests
// fill it. It knows no line and no guest program; those are in sync-calls.ts and sync-program.ts.

import { startDeadline } from '../deadline.ts'
import { UsageError } from '../errors.ts'

export const MOST_VALUE_BYTES = 65_536
const MOST_KEYS = 1000
const MOST_BYTES = 8 * 1024 * 1024
const MOST_BARRIERS = 1000
const MOST_MEMBERS = 1000
/** Of members that got through, so that who asks once more is told so. */
const REMEMBERED = 4096

export interface Arrival {
  /** How many it takes. */
  readonly count: number
  /** Who arrives, for people: a machine's name. One that arrives again takes its earlier place. */
  readonly member: string
  /** Tells one call from another of the same member. */
  readonly token: string
}

export type BarrierState =
  | { readonly kind: 'passed' }
  | { readonly kind: 'waiting'; readonly there: readonly string[]; readonly missing: readonly string[] }

export interface SyncStore {
  /** Throws UsageError `sync-limit` when there is no room, `sync-name` for a key that is none. */
  set(key: string, value: Uint8Array): void
  get(key: string): Uint8Array | undefined
  /** Arrives, or asks again whether all are there. Throws UsageError when another count was named before. */
  arrive(barrier: string, arrival: Arrival): BarrierState
  /** Gives up waiting. */
  leave(barrier: string, token: string): void
  /** Calls `look` until it gives something, after every change. Throws TimeoutError, or the signal's reason. */
  wait<T>(look: () => T | undefined, options: WaitOptions): Promise<T>
}

export interface WaitOptions {
  /** As it reads after "waited 10 s for". */
  readonly title: string
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  readonly lastSeen?: () => string | undefined
}

interface Barrier {
  readonly count: number
  /** By token. */
  readonly waiting: Map<string, string>
}

/** An empty store; `machines` names those of the attempt, to tell who is missing. */
export function openSyncStore(machines: () => readonly string[]): SyncStore {
  const values = new Map<string, Uint8Array>()
  const barriers = new Map<string, Barrier>()
  const passed = new Set<string>()
  const listeners = new Set<() => void>()
  let bytes = 0
  const changed = (): void => {
    for (const listener of listeners) listener()
  }
  const pass = (token: string): void => {
    passed.add(token)
    const [oldest] = passed
    if (passed.size > REMEMBERED && oldest !== undefined) passed.delete(oldest)
  }
  return {
    set(key, value) {
      requireName('key', key)
      const grown = bytes - (values.get(key)?.length ?? 0) + value.length
      if (value.length > MOST_VALUE_BYTES) throw limit(`a value has at most ${MOST_VALUE_BYTES} bytes`)
      if (grown > MOST_BYTES) throw limit(`all values together have at most ${MOST_BYTES} bytes`)
      if (!values.has(key) && values.size >= MOST_KEYS) throw limit(`there are at most ${MOST_KEYS} keys`)
      bytes = grown
      values.set(key, value)
      changed()
    },
    get: (key) => {
      requireName('key', key)
      return values.get(key)
    },
    arrive(name, { count, member, token }) {
      requireName('barrier', name)
      if (!Number.isInteger(count) || count < 1 || count > MOST_MEMBERS) {
        throw new UsageError(`a barrier is for 1 to ${MOST_MEMBERS}, not ${count}`, { code: 'sync-count' })
      }
      if (passed.has(token)) return { kind: 'passed' }
      const barrier = barriers.get(name) ?? { count, waiting: new Map<string, string>() }
      if (barrier.count !== count) {
        throw new UsageError(`barrier "${name}" is for ${barrier.count} here, not for ${count}`, {
          code: 'sync-count',
        })
      }
      if (!barriers.has(name) && barriers.size >= MOST_BARRIERS)
        throw limit(`there are at most ${MOST_BARRIERS} barriers`)
      for (const [other, who] of barrier.waiting)
        if (who === member && other !== token) barrier.waiting.delete(other)
      barrier.waiting.set(token, member)
      if (barrier.waiting.size < count) {
        barriers.set(name, barrier)
        return waitingAt(barrier, machines())
      }
      // All are there. The barrier is closed again for whoever comes next.
      for (const each of barrier.waiting.keys()) pass(each)
      barriers.delete(name)
      changed()
      return { kind: 'passed' }
    },
    leave(name, token) {
      const barrier = barriers.get(name)
      barrier?.waiting.delete(token)
      if (barrier?.waiting.size === 0) barriers.delete(name)
    },
    async wait(look, { title, ...options }) {
      using deadline = startDeadline({ phase: title, ...options })
      for (;;) {
        const { promise, resolve, reject } = Promise.withResolvers<void>()
        const onAbort = (): void => reject(deadline.signal.reason as Error)
        listeners.add(resolve)
        deadline.signal.addEventListener('abort', onAbort, { once: true })
        try {
          const seen = look()
          if (seen !== undefined) return seen
          deadline.signal.throwIfAborted()
          await promise
        } finally {
          listeners.delete(resolve)
          deadline.signal.removeEventListener('abort', onAbort)
        }
      }
    },
  }
}

function waitingAt({ waiting }: Barrier, machines: readonly string[]): BarrierState {
  const there = [...waiting.values()].toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  return {
    kind: 'waiting',
    there,
    // A process that has a name of its own stands for its machine.
    missing: machines.filter((name) => !there.some((who) => who === name || who.startsWith(`${name}/`))),
  }
}

/** `2 of 3 there (m0, m1); not there: m2`. */
export function describeBarrier(state: BarrierState, count: number): string {
  if (state.kind === 'passed') return 'all are there'
  const { there, missing } = state
  const who = there.length === 0 ? '' : ` (${there.join(', ')})`
  return `${there.length} of ${count} there${who}${missing.length === 0 ? '' : `; not there: ${missing.join(', ')}`}`
}

function requireName(what: string, name: string): void {
  if (/^[\w./:-]{1,128}$/.test(name)) return
  throw new UsageError(`"${name.slice(0, 128)}" is no name of a ${what}`, {
    code: 'sync-name',
    hint: '1 to 128 letters, digits, ".", "_", "-", "/" and ":"',
  })
}

function limit(message: string): UsageError {
  return new UsageError(message, { code: 'sync-limit' })
}
