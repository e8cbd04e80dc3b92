// An opened QEMU platform: one image, one measured host, and every machine created from them.

import { join } from 'node:path'
import { UsageError } from '../../harness/errors.ts'
import type {
  CreateOptions,
  MachineSpec,
  OpenOptions,
  PlatformMachine,
  PlatformSession,
} from '../../harness/machine.ts'
import {
  createMachineFolders,
  cpuModelFor,
  inspectBase,
  isSafeQemu,
  JOURNAL_PORT,
  LineBuffer,
  openConsoleFeed,
  reapDeadMachines,
  type ConsoleFeed,
} from '../../qemu/index.ts'
import { checkKernel } from './check-kernel.ts'
import { measureHost, type Host } from './host.ts'
import { startLife } from './life.ts'
import { hasFirstBootArguments, toMachineConfig } from './machine-config.ts'
import { QemuMachine } from './machine.ts'
import { firmwareOf, refuse } from './refuse.ts'
import { prepareStorage } from './storage.ts'

/** TCG runs a booting guest 5 to 12 times slower than KVM (kernel to login prompt). */
const TCG_SLOWNESS = 8

/** Checks the image, cleans up after killed runs, measures the host. */
export async function openSession(options: OpenOptions): Promise<PlatformSession> {
  const { image, emit, signal } = options
  const base = await inspectBase(image.disk, signal)
  if (image.direct !== undefined) await checkKernel(image.direct.kernel, image.identity.architecture)
  const reaped = await reapDeadMachines()
  if (reaped.length > 0) {
    const message = `removed ${reaped.length} left-over machine parts of a killed run`
    emit({ type: 'run.notice', level: 'info', code: 'stale-machines-removed', message })
  }
  const host = await measureHost(image.identity.architecture, image.direct?.kernel, signal)
  noticeHost(host, emit)
  const slowness = host.accelerator.accelerator === 'kvm' ? 1 : TCG_SLOWNESS
  const machines = new Set<PlatformMachine>()
  const creations = new Set<Promise<PlatformMachine>>()
  const closing = new AbortController()

  const build = async (spec: MachineSpec, wish: CreateOptions): Promise<PlatformMachine> => {
    const { signal: abort, detach = false } = wish
    const consolePath = join(wish.folder, 'console.txt')
    const detachedConsole = detach ? consolePath : undefined
    await using undo = new AsyncDisposableStack()
    const folders = undo.use(await createMachineFolders())
    const prepared = await prepareStorage(spec, image, base, folders, abort)
    const console = undo.use(await openConsoleFeed(detach ? undefined : { path: consolePath }))
    const journal = new LineBuffer()
    const firmware = firmwareOf(spec, image)
    const belongings = undo.move()
    belongings.defer(() => noticeConsole(console, spec.name, emit))
    const machine = await QemuMachine.start(
      {
        id: `qemu-${folders.uuid}`,
        name: spec.name,
        facts: {
          memoryMiB: spec.memoryMiB,
          cpus: spec.cpus,
          accelerator: host.accelerator.accelerator,
          cpuModel: cpuModelFor(spec.architecture, host.accelerator.accelerator),
          firmware,
          qemu: host.emulator.version,
        },
        console: console.lines,
        journal,
        shutdownMs: 30_000 * Math.min(slowness, 4),
        firstBootIsSpecial: hasFirstBootArguments(firmware, image, { ...FIRST_CYCLE, detachedConsole }),
        belongings,
        startLife: async ({ firstBoot, sshPort, signal: lifeSignal }) =>
          await startLife({
            folders,
            console,
            journal,
            tpm: spec.tpm,
            detach,
            onPanic: spec.onPanic ?? 'stop',
            sshPort,
            signal: lifeSignal,
            config: (tpmSocket, port) =>
              toMachineConfig(spec, image, host, prepared, {
                firstBoot,
                sshPort: port,
                tpmSocket,
                detachedConsole,
              }),
          }),
      },
      abort,
    )
    machines.add(machine)
    belongings.defer(() => void machines.delete(machine))
    return machine
  }

  return {
    budget: host.budget,
    hostAddress: '10.0.2.2',
    journalDevice: `/dev/virtio-ports/${JOURNAL_PORT}`,
    facts: {
      qemu: host.emulator.version,
      accelerator: host.accelerator.accelerator,
      acceleratorReason: host.accelerator.reason,
      cpuModel: cpuModelFor(host.architecture, host.accelerator.accelerator),
    },
    slowness,
    refuses: (spec) => refuse(spec, image, host),
    async create(spec, wish) {
      if (closing.signal.aborted) throw closing.signal.reason
      const reason = refuse(spec, image, host)
      if (reason !== undefined) throw new UsageError(reason, { code: 'machine-refused' })
      wish.signal.throwIfAborted()
      const signalOfBoth = AbortSignal.any([wish.signal, closing.signal])
      const creation = build(spec, { ...wish, signal: signalOfBoth })
      creations.add(creation)
      try {
        return await creation
      } finally {
        creations.delete(creation)
      }
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new UsageError('the platform is closed', { code: 'platform-closed' }))
      await Promise.allSettled(creations)
      await using all = new AsyncDisposableStack()
      for (const machine of machines) all.use(machine)
    },
  }
}

const FIRST_CYCLE = { firstBoot: true, sshPort: 0, tpmSocket: undefined }

function noticeHost(host: Host, emit: OpenOptions['emit']): void {
  const { accelerator, reason } = host.accelerator
  if (accelerator === 'tcg') {
    const message = `machines run without hardware acceleration (TCG): ${reason}`
    emit({ type: 'run.notice', level: 'warning', code: 'no-kvm', message })
  }
  if (accelerator === 'tcg' && !isSafeQemu(host.emulator.version)) {
    const message = `QEMU ${host.emulator.version} can corrupt the memory of machines under TCG; install 9 or newer`
    emit({ type: 'run.notice', level: 'warning', code: 'old-qemu', message })
  }
}

function noticeConsole(feed: ConsoleFeed, name: string, emit: OpenOptions['emit']): void {
  if (feed.fileFailure === undefined) return
  const message = `the console of ${name} could not be written whole: ${feed.fileFailure.message}`
  emit({ type: 'run.notice', level: 'warning', code: 'console-incomplete', message })
}
