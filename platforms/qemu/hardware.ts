// What is plugged into a running machine and pulled out of it again. It knows what must be there after the next power-on, and
// that the guest has the last word on when a device is gone.

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { abortable, startDeadline } from '../../harness/deadline.ts'
import { MachineError, UsageError } from '../../harness/errors.ts'
import type { DiskFaults, DiskSpec, MachineHardware } from '../../harness/machine.ts'
import { nearest } from '../../harness/nearest.ts'
import {
  connectPath,
  createEmptyDisk,
  cutDisk,
  eject,
  forgetFaults,
  hotCardId,
  hotDiskId,
  mendDisk,
  pathId,
  plugCard,
  plugDisk,
  removeNet,
  setLink,
  sparePorts,
  spoilDisk,
  type DiskConfig,
  type Link,
} from '../../qemu/index.ts'
import type { Life } from './life.ts'

export interface HardwareOptions {
  readonly machine: string
  /** Folder for the disks; undefined for a machine that is to become a template: its clones would miss them. */
  readonly storage: string | undefined
  /** Whether the guest's kernel notices what comes and goes. */
  readonly canPlug: boolean
  /** Disks of the command line. */
  readonly attached: readonly DiskConfig[]
  /** Of the spare ports, those that are free at first. */
  readonly ports: readonly string[]
  /** Cards of the command line. */
  readonly links: readonly ('primary' | 'private')[]
  /** The current power cycle. */
  readonly life: (signal: AbortSignal) => Promise<Life>
  /** For the guest to let go of a device. */
  readonly releaseMs: number
}

type Plugged =
  | {
      readonly kind: 'disk'
      readonly name: string
      readonly port: string
      readonly path: string
      readonly sectorSize: DiskSpec['sectorSize']
    }
  | { readonly kind: 'card'; readonly name: string; readonly port: string; readonly index: number }

export interface QemuHardware extends MachineHardware {
  /** What was plugged in and is there now, as people call it. */
  readonly plugged: readonly string[]
  /** Paths to disks that were taken away. */
  readonly pathsDown: readonly string[]
  /** Plugs everything into a machine that was switched on again; cut links are cut again, paths that were taken away are. */
  plugAgain(life: Life, signal: AbortSignal): Promise<void>
  /** The machine went back to a time before. */
  forget(): void
}

/** Nothing is plugged in at first. */
export function openHardware(options: HardwareOptions): QemuHardware {
  const { machine, storage, life, releaseMs } = options
  const plugged = new Map<string, Plugged>()
  const down = new Set<string>()
  const pathsDown = new Set<string>()
  const faulty = new Map<string, Exclude<DiskFaults, 'none'>>()
  let disks = 0
  const freePort = (): string => {
    if (!options.canPlug) throw noHotPlug(machine)
    const taken = new Set([...plugged.values()].map(({ port }) => port))
    const port = options.ports.find((each) => !taken.has(each))
    if (port !== undefined) return port
    throw new UsageError(`${machine} has no free port: ${[...plugged.keys()].join(', ')} are plugged in`, {
      code: 'no-free-port',
      hint: `pull one first; ${options.ports.length} fit`,
    })
  }
  const find = <K extends Plugged['kind']>(kind: K, name: string): Extract<Plugged, { kind: K }> => {
    const one = plugged.get(`${kind} ${name}`)
    if (one?.kind === kind) return one as Extract<Plugged, { kind: K }>
    const there = [...plugged.values()].filter((each) => each.kind === kind).map((each) => each.name)
    throw new UsageError(`no ${kind} "${name}" was plugged into ${machine}`, {
      code: 'not-plugged',
      hint:
        there.length === 0
          ? `only what was added to the running machine can be pulled`
          : `there are: ${nearest(name, there).join(', ')}`,
    })
  }
  const release = async (
    id: string,
    what: string,
    { life: at, signal }: { readonly life: Life; readonly signal: AbortSignal },
    ask: () => Promise<void>,
  ): Promise<void> => {
    using deadline = startDeadline({ phase: `the guest to let go of ${what}`, timeoutMs: releaseMs, signal })
    const gone = at.deviceGone(id)
    await ask()
    try {
      await abortable(gone, deadline.signal)
    } catch (cause) {
      signal.throwIfAborted()
      throw new MachineError(`${machine} does not let go of ${what}`, {
        code: 'device-not-released',
        hint: 'see the kernel log: a guest that hangs, or without hot-plug, keeps it',
        cause,
      })
    }
  }
  const linkOf = (name: string): Link => {
    if (name === 'primary' || name === 'private') {
      if (options.links.includes(name)) return name
      throw new UsageError(`${machine} has no ${name} network card`, { code: 'no-such-card' })
    }
    return { hot: find('card', name).name }
  }
  return {
    get plugged() {
      return [...plugged.keys()]
    },
    get pathsDown() {
      return [...pathsDown].map((id) => `the path ${id}`)
    },
    async addDisk({ serial, sizeMiB, bus = 'virtio', sectorSize, paths = 1 }: DiskSpec, signal) {
      if (!/^[\w.-]{1,20}$/.test(serial) || !Number.isInteger(sizeMiB) || sizeMiB < 1) {
        throw new UsageError(`a disk "${serial}" of ${sizeMiB} MiB cannot be had`, {
          code: 'bad-disk',
          hint: 'a serial of 1 to 20 letters, digits, "-", "_" or ".", and a whole number of MiB',
        })
      }
      if (bus !== 'virtio' || paths !== 1) {
        throw new UsageError(
          `a disk on ${bus} with ${paths} paths cannot be plugged into a running machine`,
          {
            code: 'bad-disk',
            hint: 'plug in a virtio disk, or ask for this one as a requirement: disks: [...]',
          },
        )
      }
      if (options.attached.some((disk) => disk.serial === serial) || plugged.has(`disk ${serial}`)) {
        throw new UsageError(`${machine} has a disk "${serial}" already`, { code: 'disk-exists' })
      }
      if (storage === undefined) throw noHardware(machine)
      const port = freePort()
      const current = await life(signal)
      const path = join(storage, `hot-${(disks += 1)}.qcow2`)
      const disk: Plugged = { kind: 'disk', name: serial, port, path, sectorSize }
      plugged.set(`disk ${serial}`, disk)
      try {
        await createEmptyDisk(path, sizeMiB, signal)
        await plugDisk(current.machine.qmp, { path, serial, port, sectorSize }, { signal })
      } catch (error) {
        plugged.delete(`disk ${serial}`)
        await rm(path, { force: true })
        throw error
      }
    },
    async pullDisk(serial, signal) {
      const { path } = find('disk', serial)
      const current = await life(signal)
      const { qmp } = current.machine
      await cutDisk(qmp, serial, { signal })
      await release(hotDiskId(serial), `the disk "${serial}"`, { life: current, signal }, async () => {
        await eject(qmp, hotDiskId(serial), { signal })
      })
      if (faulty.delete(serial)) await forgetFaults(qmp, serial, { signal })
      plugged.delete(`disk ${serial}`)
      await rm(path, { force: true })
    },
    async setDiskFaults(serial, faults, signal) {
      find('disk', serial)
      const { qmp } = (await life(signal)).machine
      const before = faulty.get(serial) ?? 'none'
      if (before === faults) return
      // One kind is taken out before the other is put in: between them it may end.
      if (before !== 'none') {
        await mendDisk(qmp, serial, { signal })
        faulty.delete(serial)
      }
      if (faults !== 'none') {
        await spoilDisk(qmp, serial, faults, { signal })
        faulty.set(serial, faults)
      }
    },
    async setDiskPath(serial, path, state, signal) {
      const index = options.attached.findIndex((disk) => disk.serial === serial)
      const { paths = 1 } = options.attached[index] ?? {}
      if (paths === 1 || !Number.isInteger(path) || path < 0 || path >= paths) {
        const several = options.attached.filter((disk) => (disk.paths ?? 1) > 1)
        throw new UsageError(`no disk "${serial}" of ${machine} has a path ${path}`, {
          code: 'no-such-path',
          hint: `paths are counted from 0; disks with several: ${several.map((disk) => disk.serial).join(', ') || 'none'}`,
        })
      }
      const id = pathId(index, path)
      if ((state === 'down') === pathsDown.has(id)) return
      if (!options.canPlug) throw noHotPlug(machine)
      const current = await life(signal)
      const { qmp } = current.machine
      if (state === 'up') {
        await connectPath(qmp, options.attached, { index, path }, { signal })
        pathsDown.delete(id)
        return
      }
      const what = `path ${path} to the disk "${serial}"`
      await release(id, what, { life: current, signal }, async () => await eject(qmp, id, { signal }))
      pathsDown.add(id)
    },
    async addNic(name, signal) {
      if (
        !/^[\w-]{1,20}$/.test(name) ||
        name === 'primary' ||
        name === 'private' ||
        plugged.has(`card ${name}`)
      ) {
        throw new UsageError(`a network card cannot be called "${name}" on ${machine}`, {
          code: 'bad-card',
          hint: '1 to 20 letters, digits, "-" or "_", and no name that is taken',
        })
      }
      if (storage === undefined) throw noHardware(machine)
      const port = freePort()
      const index = sparePorts.indexOf(port)
      const current = await life(signal)
      plugged.set(`card ${name}`, { kind: 'card', name, port, index })
      try {
        await plugCard(current.machine.qmp, { name, port, index }, { signal })
      } catch (error) {
        plugged.delete(`card ${name}`)
        throw error
      }
    },
    async pullNic(name, signal) {
      find('card', name)
      const current = await life(signal)
      const { qmp } = current.machine
      await release(hotCardId(name), `the network card "${name}"`, { life: current, signal }, async () => {
        await eject(qmp, hotCardId(name), { signal })
      })
      await removeNet(qmp, name, { signal })
      plugged.delete(`card ${name}`)
      down.delete(name)
    },
    async setLink(name, state, signal) {
      const link = linkOf(name)
      await setLink((await life(signal)).machine.qmp, link, state === 'up', { signal })
      if (state === 'up') down.delete(name)
      else down.add(name)
    },
    async plugAgain({ machine: { qmp } }, signal) {
      for (const one of plugged.values()) {
        if (one.kind === 'disk') await plugDisk(qmp, { ...one, serial: one.name }, { signal })
        else await plugCard(qmp, one, { signal })
      }
      for (const [serial, faults] of faulty) await spoilDisk(qmp, serial, faults, { signal })
      for (const id of pathsDown) await eject(qmp, id, { signal })
      for (const name of down) await setLink(qmp, linkOf(name), false, { signal })
    },
    forget() {
      plugged.clear()
      faulty.clear()
      down.clear()
      pathsDown.clear()
    },
  }
}

function noHotPlug(machine: string): UsageError {
  return new UsageError(
    `nothing can be plugged into ${machine} or pulled while it runs: its kernel has no PCI hot-plug`,
    {
      code: 'no-hot-plug',
      hint: 'ask for the disk as a requirement; a test that cannot says excludeArchitectures: ["riscv64"]',
    },
  )
}

function noHardware(machine: string): UsageError {
  return new UsageError(`nothing can be plugged into ${machine} before it is saved as a template`, {
    code: 'hardware-in-preparation',
    hint: 'ask for the disk as a requirement, or plug it in in the test instead of its preparation',
  })
}
