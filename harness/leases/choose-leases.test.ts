import { expect, test } from 'vitest'
import type { Lease } from '../machine.ts'
import { chooseLeases } from './choose-leases.ts'

const lease = (id: string, run: string, createdAtMs: number, expiresAtMs: number): Lease => ({
  kind: 'machine',
  id,
  run,
  place: 'here',
  createdAtMs,
  expiresAtMs,
})
const leases = [
  lease('young', 'alive', 900, 2000),
  lease('old', 'alive', 100, 2000),
  lease('expired', 'alive', 900, 1000),
  lease('orphan', 'dead', 999, 2000),
]

test.each([
  ['expired ones and those of dead runs, without an age', undefined, ['expired', 'orphan']],
  ['those that are as old as said', 900, ['old', 'expired', 'orphan']],
  ['everything at age 0', 0, ['young', 'old', 'expired', 'orphan']],
])('%s', (_, olderThanMs, ids) => {
  const chosen = chooseLeases(leases, { olderThanMs, deadRuns: new Set(['dead']), nowMs: 1000 })
  expect(chosen.map(({ id }) => id)).toEqual(ids)
})
