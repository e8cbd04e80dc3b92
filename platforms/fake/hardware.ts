// What is plugged into a fake machine: disks are files of it, network cards are names, and a cut link is the end of SSH.

import { UsageError } from '../../harness/errors.ts'
import type { MachineHardware } from '../../harness/machine.ts'
import type { FakeGuest } from './fake-shell.ts'

const PORTS = 4

/** Nothing is plugged in at first, but for the card of a private network perhaps. */
export function createHardware(
  machine: string,
  guest: FakeGuest,
  network: 'none' | 'slot' | 'port',
): MachineHardware {
  const freePorts = network === 'port' ? PORTS - 1 : PORTS
  const disks = new Set<string>()
  const cards = new Set<string>()
  const requirePort = (): void => {
    if (disks.size + cards.size < freePorts) return
    throw new UsageError(`${machine} has no free port`, {
      code: 'no-free-port',
      hint: `pull one first; ${freePorts} fit`,
    })
  }
  const require = (kind: string, there: ReadonlySet<string>, name: string): void => {
    if (there.has(name)) return
    throw new UsageError(`no ${kind} "${name}" was plugged into ${machine}`, {
      code: 'not-plugged',
      hint: there.size === 0 ? 'only what was added can be pulled' : `there are: ${[...there].join(', ')}`,
    })
  }
  const later = async (signal: AbortSignal): Promise<void> => {
    await Promise.resolve()
    signal.throwIfAborted()
  }
  const pathOf = (serial: string): string => `/dev/disk/by-id/virtio-${serial}`
  return {
    async addDisk({ serial }, signal) {
      await later(signal)
      if (disks.has(serial))
        throw new UsageError(`${machine} has a disk "${serial}" already`, { code: 'disk-exists' })
      requirePort()
      disks.add(serial)
      guest.files.set(pathOf(serial), '')
    },
    async pullDisk(serial, signal) {
      await later(signal)
      require('disk', disks, serial)
      disks.delete(serial)
      guest.files.delete(pathOf(serial))
    },
    async setDiskFaults(serial, _faults, signal) {
      await later(signal)
      require('disk', disks, serial)
    },
    async setDiskPath(serial, path, _state, signal) {
      await later(signal)
      throw new UsageError(`no disk "${serial}" of ${machine} has a path ${path}`, { code: 'no-such-path' })
    },
    async addNic(name, signal) {
      await later(signal)
      if (cards.has(name) || name === 'primary')
        throw new UsageError(`a network card cannot be called "${name}" on ${machine}`, { code: 'bad-card' })
      requirePort()
      cards.add(name)
    },
    async pullNic(name, signal) {
      await later(signal)
      require('card', cards, name)
      cards.delete(name)
    },
    async setLink(nic, state, signal) {
      await later(signal)
      if (nic === 'primary') guest.setSshTrouble(state === 'up' ? 'ok' : 'network-down', 'now')
      else if (nic !== 'private' || network === 'none') require('card', cards, nic)
    },
  }
}
