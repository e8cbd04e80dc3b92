// The fake platform: in-memory machines with a real SSH server each, scripted through their Ignition config. For the
// harness's own tests; it boots nothing and proves nothing about an image.

import { InfraError } from '../../harness/errors.ts'
import type { MachineSpec, Platform, PlatformMachine, PlatformSession } from '../../harness/machine.ts'
import { formatMiB } from '../../harness/memory-text.ts'
import { readBehaviour, type FakeBehaviour } from './behaviour.ts'
import { openForks, type FakeMaker } from './forks.ts'
import { fakeNetworks } from './network.ts'
import { openSaves } from './saves.ts'
import { createMachine, type FakeMachine } from './machine.ts'

export type { FakeBehaviour } from './behaviour.ts'

/** Makes a fake platform; every session of it starts from nothing. */
export function fakePlatform(): Platform {
  return {
    name: 'fake',
    architectures: ['x86_64', 'arm64'],
    firmwares: ['direct', 'bios', 'uefi', 'uefi-secure'],
    open: async () => await Promise.resolve(openSession()),
  }
}

const BUDGET = { memoryMiB: 4096, cpus: 8 } as const

function refuses({ memoryMiB }: MachineSpec): readonly string[] {
  const most = BUDGET.memoryMiB
  return memoryMiB > most
    ? [`needs ${formatMiB(memoryMiB)} of memory a machine; the fake has ${formatMiB(most)}`]
    : []
}

function openSession(): PlatformSession {
  const machines = new Set<PlatformMachine>()
  let created = 0
  let closed = false
  const maker: FakeMaker = {
    async start(options) {
      if (closed) throw new InfraError('the fake platform was closed', { code: 'fake-closed' })
      const machine: FakeMachine = await createMachine(options)
      machines.add(machine)
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
    facts: { accelerator: 'none' },
    slowness: 1,
    refuses,
    create: async (spec, options) => await maker.boot(spec, options),
    async [Symbol.asyncDispose]() {
      closed = true
      await Promise.all([...machines].map(async (machine) => await machine[Symbol.asyncDispose]()))
    },
  }
}
