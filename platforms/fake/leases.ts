// Fake machines by their tags: a list in memory, which outlives the sessions of a platform, as a cloud does.

import type { Lease, Leases } from '../../harness/machine.ts'
import type { FakeMachine } from './machine.ts'

const TTL_MS = 3_600_000

interface Entry {
  readonly machine: FakeMachine
  readonly run: string
  readonly createdAtMs: number
}

/** The machines that there are, of whatever session. */
export interface FakeRegistry extends Leases {
  add(machine: FakeMachine, run: string): void
  remove(machine: FakeMachine): void
  find(id: string): FakeMachine | undefined
  ids(): readonly string[]
}

/** Opens an empty one. */
export function openRegistry(): FakeRegistry {
  const entries = new Map<string, Entry>()
  return {
    add: (machine, run) => void entries.set(machine.id, { machine, run, createdAtMs: Date.now() }),
    remove: (machine) => void entries.delete(machine.id),
    find: (id) => entries.get(id)?.machine,
    ids: () => [...entries.keys()],
    deadRuns: () => new Set(),
    async list() {
      const leases = [...entries.values()].map(({ machine, run, createdAtMs }): Lease => ({
        kind: 'machine',
        id: machine.id,
        run,
        place: 'memory',
        createdAtMs,
        expiresAtMs: createdAtMs + TTL_MS,
      }))
      return await Promise.resolve(leases)
    },
    async reap(leases) {
      for (const { id } of leases) await entries.get(id)?.machine[Symbol.asyncDispose]()
      return []
    },
  }
}
