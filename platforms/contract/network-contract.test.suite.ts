// What every platform must do that has private networks, against the seam only. Part of the platform contract.

import { expect, test } from 'vitest'
import type { PlatformMachine, PlatformSession, PrivateNetwork } from '../../harness/machine.ts'

/** Declares the tests; called within the platform's suite. */
export function networkContract({ session, create, timeoutMs }: NetworkSubject): void {
  test('places of a private network have addresses of their own, the same for every network', () => {
    const networks = required(session())
    const places = Array.from({ length: 64 }, (_, index) => networks.place(index))
    for (const family of ['ipv4', 'ipv6'] as const)
      expect(new Set(places.map((place) => place[family])).size).toBe(64)
    expect(networks.place(3)).toEqual(places[3])
    expect(() => networks.place(-1)).toThrow()
    expect(() => networks.place(100_000)).toThrow()
    using network = networks.open(2)
    const addresses = places.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6])
    expect(addresses).not.toContain(network.services.ipv4)
    expect(addresses).not.toContain(network.services.ipv6)
    expect(network.clock.requests).toEqual([])
  })

  test(
    'faults of a private network are for machines that are or were on it',
    async () => {
      using network = required(session()).open(2)
      const faults: readonly ((name: string) => void)[] = [
        (name) => network.cut(name),
        (name) => network.heal(name),
        (name) => network.partition([[name]]),
        (name) => network.delay(name, 10, 5),
        (name) => network.loss(name, 0.5),
      ]
      const unknown = expect.objectContaining({ code: 'unknown-machine' })
      for (const fault of faults) expect(() => fault('m0')).toThrow(unknown)
      await using machine = await create('m0', { network, privateIndex: 0 })
      for (const fault of faults) {
        fault('m0')
        expect(() => fault('m1')).toThrow(unknown)
      }
      const bad = expect.objectContaining({ code: 'bad-network-fault' })
      expect(() => network.delay('m0', -1)).toThrow(bad)
      expect(() => network.delay('m0', 1, 2)).toThrow(bad)
      expect(() => network.loss('m0', 1.5)).toThrow(bad)
      expect(() => network.partition([['m0'], ['m0']])).toThrow(
        expect.objectContaining({ code: 'bad-partition' }),
      )
      expect(() => network.clock.set({ offsetMs: Number.NaN })).toThrow(
        expect.objectContaining({ code: 'bad-time' }),
      )
      await machine[Symbol.asyncDispose]()
      // What outlasts a power cycle can also be undone in between.
      network.heal('m0')
      network.heal()
    },
    timeoutMs,
  )

  test(
    'a machine outlives its network, and a network its machines',
    async () => {
      const network = required(session()).open(2)
      const ends: unknown[] = []
      await using m0 = await create('m0', { network, privateIndex: 0 })
      {
        await using _m1 = await create('m1', { network, privateIndex: 1 })
      }
      network[Symbol.dispose]()
      network[Symbol.dispose]()
      ends.push(await Promise.race([m0.exited, Promise.resolve(undefined)]))
      expect(ends).toEqual([undefined])
    },
    timeoutMs,
  )
}

interface NetworkSubject {
  readonly session: () => PlatformSession
  readonly create: (
    name: string,
    place: { readonly network: PrivateNetwork; readonly privateIndex: number },
  ) => Promise<PlatformMachine>
  readonly timeoutMs: number
}

function required({ privateNetworks }: PlatformSession): NonNullable<PlatformSession['privateNetworks']> {
  if (privateNetworks !== undefined) return privateNetworks
  throw new Error('the platform has no private networks')
}
