// What every platform must do that has private networks, against the seam only. Part of the platform contract.

import { expect, test } from 'vitest'
import type {
  MachineSpec,
  PlatformMachine,
  PlatformSession,
  PrivateNetwork,
  Template,
} from '../../harness/machine.ts'

/** Declares the tests; called within the platform's suite. */
export function networkContract(subject: NetworkSubject): void {
  const { session, create, timeoutMs } = subject
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
    'a fork joins a network that its template is not on, and is on it after every power-on',
    async () => {
      using network = required(session()).open(0)
      const template = await templateOf(subject)
      const unknown = expect.objectContaining({ code: 'unknown-machine' })
      for (const paused of [false, true]) {
        const privateIndex = paused ? 1 : 3
        const name = `m${privateIndex}`
        const options = { folder: subject.folderFor(name), signal: never, network, paused, privateIndex }
        expect(() => network.cut(name)).toThrow(unknown)
        await using fork = await template.fork(0, name, options)
        network.cut(name)
        if (paused) await fork.power('resume', never)
        await fork.power('cut', never)
        await fork.power('on', never)
        network.heal(name)
        // Its card takes one of the ports.
        const hardware = fork.hardware ?? expect.unreachable('it has no hardware')
        for (const nic of ['one', 'two', 'three']) await hardware.addNic(nic, never)
        await expect(hardware.addNic('four', never)).rejects.toMatchObject({ code: 'no-free-port' })
        await hardware.setLink('private', 'down', never)
        await hardware.setLink('private', 'up', never)
      }
      expect(() => network.cut('m0')).toThrow(unknown)
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
  readonly spec: (name: string) => MachineSpec
  /** An empty folder for a machine of that name. */
  readonly folderFor: (name: string) => string
  readonly create: (
    name: string,
    place: { readonly network: PrivateNetwork; readonly privateIndex: number },
  ) => Promise<PlatformMachine>
  readonly timeoutMs: number
}

const never = new AbortController().signal

/** A template of one machine that is on no network. */
async function templateOf({ session, spec, folderFor }: NetworkSubject): Promise<Template> {
  const { forks } = session()
  const claim = await forks?.claim([spec('template')], 'contract', never)
  switch (claim?.kind) {
    case 'template':
      return claim.template
    case 'draft': {
      await using draft = claim.draft
      const machine = await draft.create(0, { folder: folderFor('template'), signal: never })
      return await draft.save([machine], {}, never)
    }
    case 'none':
    case undefined:
      throw new Error(`no template can be had: ${claim?.reason ?? 'the platform has no forks'}`)
    default:
      return claim satisfies never
  }
}

function required({ privateNetworks }: PlatformSession): NonNullable<PlatformSession['privateNetworks']> {
  if (privateNetworks !== undefined) return privateNetworks
  throw new Error('the platform has no private networks')
}
