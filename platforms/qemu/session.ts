// An opened QEMU platform: one image, one measured host, and every machine created from them.

import { InfraError, UsageError } from '../../harness/errors.ts'
import type {
  CreateOptions,
  MachineSpec,
  OpenOptions,
  PlatformMachine,
  PlatformSession,
} from '../../harness/machine.ts'
import {
  AGENT_PORT,
  briefReason,
  CALLS_PORT,
  cpuModelFor,
  inspectBase,
  isSafeQemu,
  JOURNAL_PORT,
  mayStart,
  readPressure,
  reapDeadMachines,
} from '../../qemu/index.ts'
import { checkEfi } from './check-efi.ts'
import { checkKernel } from './check-kernel.ts'
import { createMachine, type MachineContext } from './create-machine.ts'
import { openForks, type MakeMachine } from './forks.ts'
import { openInitrdStarts } from './initrd-starts.ts'
import { capabilitiesOf } from './capabilities.ts'
import { privateNetworks } from './private-networks.ts'
import { measureHost, type Host } from './host.ts'
import { refuse, requireDisk } from './refuse.ts'
import { openSaves } from './saves.ts'

/** Checks the image, cleans up after killed runs, measures the host. */
export async function openSession(options: OpenOptions): Promise<PlatformSession> {
  const { emit, signal } = options
  const image = requireDisk(options.image)
  const base = await inspectBase(image.disk, signal)
  if (image.direct !== undefined) await checkKernel(image.direct.kernel, image.identity.architecture)
  await checkEfi(image, signal)
  const reaped = await reapDeadMachines()
  if (reaped.length > 0) {
    const message = `removed ${reaped.length} left-over machine parts of a killed run`
    emit({ type: 'run.notice', level: 'info', code: 'stale-machines-removed', message })
  }
  const host = await measureHost(image.identity.architecture, image.direct?.kernel, signal)
  noticeHost(host, emit)
  const slowness = host.slowness.factor
  const machines = new Set<PlatformMachine>()
  const creations = new Set<Promise<PlatformMachine>>()
  const closing = new AbortController()

  const context: MachineContext = { image, base, host, slowness, emit }
  const closed = (): void => {
    if (closing.signal.aborted) throw closing.signal.reason
  }
  // Every machine of the session, however it comes to be, ends with it.
  const make: MakeMachine = async (spec, wish, source) => {
    closed()
    wish.signal.throwIfAborted()
    const signalOfBoth = AbortSignal.any([wish.signal, closing.signal])
    const creation = createMachine(context, spec, { ...wish, signal: signalOfBoth }, source)
    creations.add(creation)
    try {
      const machine = await creation
      machines.add(machine)
      machine.onDestroyed(() => machines.delete(machine))
      return machine
    } finally {
      creations.delete(creation)
    }
  }

  const findInitrdStart = openInitrdStarts(context, make)
  // Whatever goes wrong on the way: the machine is booted.
  const beginInInitrd = async (
    spec: MachineSpec,
    wish: CreateOptions,
  ): Promise<PlatformMachine | undefined> => {
    if (wish.mayBeginInInitrd !== true || wish.detach === true) return undefined
    try {
      const start = await findInitrdStart(spec, wish)
      return start && (await make(spec, wish, start))
    } catch (error) {
      if (wish.signal.aborted || closing.signal.aborted || !(error instanceof InfraError)) throw error
      const message = `machines are booted whole: ${error.message}`
      emit({ type: 'run.notice', level: 'warning', code: 'initrd-start-failed', message })
      return undefined
    }
  }

  return {
    budget: host.budget,
    hostAddress: '10.0.2.2',
    journalDevice: `/dev/virtio-ports/${JOURNAL_PORT}`,
    agentDevice: `/dev/virtio-ports/${AGENT_PORT}`,
    callsDevice: `/dev/virtio-ports/${CALLS_PORT}`,
    forks: openForks(context, make),
    saves: openSaves(context, make),
    privateNetworks,
    mayAdmit: (memoryMiB) => mayStart(memoryMiB, readPressure()),
    facts: {
      qemu: host.emulator.version,
      accelerator: host.accelerator.accelerator,
      acceleratorReason: host.accelerator.reason,
      slowness: host.slowness.factor,
      cpuModel: cpuModelFor(host.architecture, host.accelerator.accelerator),
    },
    slowness,
    capabilities: new Set(capabilitiesOf(host.architecture)),
    refuses: (spec) => refuse(spec, image, host),
    async create(spec, wish) {
      closed()
      const reasons = refuse(spec, image, host)
      if (reasons.length > 0)
        throw new UsageError(`the machine ${reasons.join('; also ')}`, { code: 'machine-refused' })
      return (await beginInInitrd(spec, wish)) ?? (await make(spec, wish, { kind: 'boot' }))
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new UsageError('the platform is closed', { code: 'platform-closed' }))
      await Promise.allSettled(creations)
      await using all = new AsyncDisposableStack()
      for (const machine of machines) all.use(machine)
    },
  }
}

function noticeHost(host: Host, emit: OpenOptions['emit']): void {
  const { accelerator } = host.accelerator
  if (accelerator === 'tcg') {
    const message = `machines run without hardware acceleration (TCG): ${briefReason(host.accelerator)}`
    emit({ type: 'run.notice', level: 'warning', code: 'no-kvm', message })
  }
  if (accelerator === 'tcg' && !isSafeQemu(host.emulator.version)) {
    const message = `QEMU ${host.emulator.version} can corrupt the memory of machines under TCG; install 9 or newer`
    emit({ type: 'run.notice', level: 'warning', code: 'old-qemu', message })
  }
}
