// `cluster.sync`: the store of an attempt for test bodies, which take part in barriers as `test`.

import { randomBytes } from 'node:crypto'
import type { ClusterSync } from '../fixtures/fixtures.ts'
import { describeBarrier, type BarrierState, type SyncStore } from './sync-store.ts'

export interface ClusterSyncOptions {
  readonly store: SyncStore
  /** Multiplies timeouts. */
  readonly slowness: number
  readonly signal: () => AbortSignal | undefined
}

/** Makes the fixture's part. */
export function clusterSync({ store, slowness, signal }: ClusterSyncOptions): ClusterSync {
  const waiting = (title: string, timeoutMs = 60_000) => ({
    title,
    timeoutMs: timeoutMs * slowness,
    signal: signal(),
  })
  const textOf = (value: Uint8Array | undefined): string | undefined =>
    value === undefined ? undefined : Buffer.from(value).toString('utf8')
  return {
    set: (key, value) => store.set(key, Buffer.from(value)),
    get: (key) => textOf(store.get(key)),
    waitFor: async (key, { timeoutMs } = {}) =>
      await store.wait(() => textOf(store.get(key)), waiting(`the key "${key}" to be set`, timeoutMs)),
    barrier: async (name, count, { timeoutMs } = {}) => {
      const token = randomBytes(8).toString('hex')
      let state: BarrierState = { kind: 'waiting', there: [], missing: [] }
      try {
        await store.wait(
          () => {
            state = store.arrive(name, { count, member: 'test', token })
            return state.kind === 'passed' ? true : undefined
          },
          {
            ...waiting(`barrier "${name}"`, timeoutMs),
            // Asked again: others may have come since.
            lastSeen: () => describeBarrier(store.arrive(name, { count, member: 'test', token }), count),
          },
        )
      } finally {
        store.leave(name, token)
      }
    },
  }
}
