// The contract of leases: what a session has made is found by its tags, from outside; another session takes it over; a reaper that
// knows nothing but the tags removes it.

import { expect, test } from 'vitest'
import type { Lease, Leases, Platform, PlatformMachine } from '../../harness/machine.ts'
import { never, type ContractTools } from './contract-tools.test.suite.ts'

export function leaseContract(
  { session, create, open, folderFor, leftovers, timeoutMs }: ContractTools,
  platform: Platform,
): void {
  const openLeases = async (): Promise<Leases> =>
    (await platform.leases?.({})) ?? expect.unreachable('it has no leases')
  const leaseOf = async (machine: PlatformMachine): Promise<Lease | undefined> =>
    (await (await openLeases()).list(never)).find(({ id }) => id === machine.id)

  test(
    'a machine is listed while it is there, with its run and an end',
    async () => {
      const startedAtMs = Date.now()
      const machine = await create('m0')
      const lease = (await leaseOf(machine)) ?? expect.unreachable('it is not listed')
      expect(lease).toMatchObject({ kind: 'machine', run: expect.stringMatching(/./) })
      // Tags are in seconds.
      expect(lease.createdAtMs).toBeGreaterThanOrEqual(startedAtMs - 1000)
      expect(lease.createdAtMs).toBeLessThanOrEqual(Date.now())
      expect(lease.expiresAtMs).toBeGreaterThan(Date.now())
      await machine[Symbol.asyncDispose]()
      expect(await leaseOf(machine)).toBeUndefined()
    },
    timeoutMs,
  )

  test(
    'another session adopts it by its id, and it ends with that one',
    async () => {
      const before = await leftovers()
      await using machine = await create('m0')
      const endpoint = await machine.ssh(never)
      {
        await using other = await open()
        const adopt = other.adopt?.bind(other) ?? expect.unreachable('it cannot adopt')
        const adopted = await adopt(machine.id, { folder: folderFor('adopted'), signal: never })
        expect(adopted.id).toBe(machine.id)
        expect(await adopted.ssh(never)).toEqual(endpoint)
        expect(await leaseOf(machine)).toMatchObject({ id: machine.id })
      }
      expect(await leaseOf(machine)).toBeUndefined()
      // Destroying what is gone is no error.
      await machine[Symbol.asyncDispose]()
      expect(await leftovers()).toEqual(before)
    },
    timeoutMs,
  )

  test(
    'adopting what is not there is a wrong use',
    async () => {
      const adopting = session().adopt?.('nothing-of-that-name', { folder: folderFor('m0'), signal: never })
      await expect(adopting).rejects.toMatchObject({ name: 'UsageError' })
    },
    timeoutMs,
  )

  test(
    'the reaper removes a machine by its tags, twice without complaint',
    async () => {
      await using machine = await create('m0')
      const leases = await openLeases()
      const own = (await leases.list(never)).filter(({ id }) => id === machine.id)
      expect(own).toHaveLength(1)
      expect(await leases.reap(own, never)).toEqual([])
      expect(await leases.reap(own, never)).toEqual([])
      expect(await leaseOf(machine)).toBeUndefined()
    },
    timeoutMs,
  )
}
