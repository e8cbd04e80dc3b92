// The fake platform: in-memory machines with a real SSH server each, scripted through their Ignition config. For the
// harness's own tests; it boots nothing and proves nothing about an image.

import { InfraError, UsageError } from '../../harness/errors.ts'
import type {
  Capability,
  MachineSpec,
  Platform,
  PlatformMachine,
  PlatformSession,
} from '../../harness/machine.ts'
import { formatMiB } from '../../harness/memory-text.ts'
import { readBehaviour, type FakeBehaviour } from './behaviour.ts'
import { openForks, type FakeMaker } from './forks.ts'
import { openRegistry, type FakeRegistry } from './leases.ts'
import { fakeNetworks } from './network.ts'
import { openSaves } from './saves.ts'
import { createMachine, type FakeMachine } from './machine.ts'
import { refuseSpecialHardware } from '../special-hardware.ts'

export type { FakeBehaviour } from './behaviour.ts'

/** Makes a fake platform; every session of it starts from nothing. */
export function fakePlatform(): Platform {
  const registry = openRegistry()
  return {
    name: 'fake',
    title: "machines in memory that boot nothing, for the harness's own tests",
    architectures: ['x86_64', 'arm64', 'riscv64'],
    firmwares: ['direct', 'bios', 'uefi', 'uefi-secure'],
    capabilities,
    missing: async () => await Promise.resolve([]),
    open: async ({ run = 'none' }) => await Promise.resolve(openSession(registry, run)),
    leases: async () => await Promise.resolve(registry),
  }
}

const capabilities = [
  'user-data',
  'console',
  'power',
  'reset',
  'pause',
  'hot-plug',
  'fork',
  'save',
  'private-network',
  'lease',
] as const satisfies readonly Capability[]

/** More than any config of a test, and little enough to be reached by one that looks for the limit. */
const USER_DATA_LIMIT = 1 << 20

const BUDGET = { memoryMiB: 4096, cpus: 8 } as const

function refuses(spec: MachineSpec): readonly string[] {
  const { memoryMiB, ignition = '' } = spec
  const most = BUDGET.memoryMiB
  const bytes = Buffer.byteLength(ignition)
  return [
    memoryMiB > most
      ? `needs ${formatMiB(memoryMiB)} of memory a machine; the fake has ${formatMiB(most)}`
      : undefined,
    bytes > USER_DATA_LIMIT
      ? `needs a config of ${bytes} bytes; at most ${USER_DATA_LIMIT} are delivered`
      : undefined,
    ...refuseSpecialHardware(spec, 'a fake machine boots nothing'),
  ].filter((reason) => reason !== undefined)
}

function openSession(registry: FakeRegistry, run: string): PlatformSession {
  const machines = new Set<PlatformMachine>()
  let created = 0
  let closed = false
  const maker: FakeMaker = {
    async start(options) {
      if (closed) throw new InfraError('the fake platform was closed', { code: 'fake-closed' })
      const machine: FakeMachine = await createMachine(options, (gone) => registry.remove(gone))
      machines.add(machine)
      machine.leaveSession = () => machines.delete(machine)
      registry.add(machine, run)
      return machine
    },
    async boot(spec, { folder, signal, network, mayBeginInInitrd = false }) {
      signal.throwIfAborted()
      const [refusal] = refuses(spec)
      if (refusal !== undefined) throw new InfraError(`refused: ${refusal}`, { code: 'fake-refused' })
      created += 1
      const { behaviour, files } = readBehaviour(spec.ignition)
      const { times = created, only } = behaviour
      const faulty = created <= times && (only?.includes(spec.name.replace(/^template-/, '')) ?? true)
      const active: FakeBehaviour = faulty ? behaviour : { ...behaviour, boot: 'ok' }
      if (active.boot === 'create-fails')
        throw new InfraError('the fake platform has no machine today', { code: 'fake-no-machine' })
      const inInitrd = mayBeginInInitrd && active.initrd !== undefined
      return await maker.start({
        spec,
        folder,
        behaviour: inInitrd && active.initrd === 'silent' ? { ...active, boot: 'silent' } : active,
        place: network && { network, index: spec.privateIndex ?? 0, plugged: false },
        source: { kind: 'boot', files, inInitrd },
      })
    },
  }
  return {
    budget: BUDGET,
    hostAddress: '127.0.0.1',
    agentDevice: '/dev/virtio-ports/com.signalbox.agent',
    callsDevice: '/dev/virtio-ports/com.signalbox.calls',
    forks: openForks(maker),
    saves: openSaves(maker),
    privateNetworks: fakeNetworks,
    capabilities: new Set(capabilities),
    userDataLimit: USER_DATA_LIMIT,
    facts: { accelerator: 'none' },
    slowness: 1,
    refuses,
    async adopt(id) {
      if (closed) throw new InfraError('the fake platform was closed', { code: 'fake-closed' })
      const machine = registry.find(id)
      if (machine === undefined)
        throw new UsageError(`there is no fake machine ${id}`, {
          code: 'no-such-machine',
          hint: `there are: ${registry.ids().join(', ') || 'none'}`,
        })
      machine.leaveSession()
      machines.add(machine)
      machine.leaveSession = () => machines.delete(machine)
      return await Promise.resolve(machine)
    },
    create: async (spec, options) => await maker.boot(spec, options),
    async [Symbol.asyncDispose]() {
      closed = true
      await Promise.all([...machines].map(async (machine) => await machine[Symbol.asyncDispose]()))
    },
  }
}
