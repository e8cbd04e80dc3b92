// Devices that come and go while a machine runs, by QMP: disks and network cards behind the spare ports of the command line
// (`SPARE_PORTS`), and links that are cut.

import { InfraError } from '../harness/errors.ts'
import { faultableDrive, putFaults, removeFaults, takeFaults, type DiskFaults } from './disk-faults.ts'
import { SPARE_PORTS } from './machine-config.ts'
import { option } from './option-value.ts'
import type { QmpConnection } from './qmp.ts'

/** Ids of the spare ports. */
export const sparePorts: readonly string[] = Array.from(
  { length: SPARE_PORTS },
  (_, index) => `spare${index}`,
)

// An empty `romfile` leaves out the network boot ROM, which costs firmware time and is never wanted. A clone that were made
// to announce itself would cost a tenth of a second of work in every service that watches links.
export const CARD = { romfile: '', guest_announce: false } as const

/** The spare port that is kept for the card of a private network, where that is plugged in. */
export const PRIVATE_CARD_PORT = `spare${SPARE_PORTS - 1}`

/** That card but for its address, behind the backend of the command line. */
export const PRIVATE_CARD = {
  driver: 'virtio-net-pci',
  id: 'private-card',
  netdev: 'net1',
  bus: PRIVATE_CARD_PORT,
  ...CARD,
} as const

/** The arguments of the spare ports: functions of one slot, high up, so that no other device gets another place for them. */
export function sparePortArguments(): readonly string[] {
  return sparePorts.flatMap((id, index) => [
    '-device',
    option('pcie-root-port', {
      id,
      chassis: index + 1,
      addr: `1c.${index}`,
      multifunction: index === 0 ? true : undefined,
      'io-reserve': 0,
    }),
  ])
}

export interface HotDisk {
  /** A qcow2 file. */
  readonly path: string
  readonly serial: string
  readonly port: string
  /** Default 512. */
  readonly sectorSize?: 512 | 4096 | undefined
}

type Call = { readonly signal?: AbortSignal | undefined }

/** The id of a plugged disk's device. */
export const hotDiskId = (serial: string): string => `hot-disk-${serial}`
const driveOf = (serial: string): string => `hot-${serial}`

/** Plugs a disk in. */
export async function plugDisk(
  qmp: QmpConnection,
  { path, serial, port, sectorSize = 512 }: HotDisk,
  call: Call,
): Promise<void> {
  // A drive of the monitor's, not a block node: only `drive_del` takes one away under a running device (see `cutDisk`).
  const drive = option('', {
    if: 'none',
    id: driveOf(serial),
    ...faultableDrive(driveOf(serial), path),
  })
  const quoted = drive.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
  await monitor(qmp, `drive_add 0 "${quoted}"`, /^OK\s*$/, call)
  try {
    await qmp.execute(
      'device_add',
      {
        driver: 'virtio-blk-pci',
        id: hotDiskId(serial),
        drive: driveOf(serial),
        serial,
        bus: port,
        ...(sectorSize === 512 ? {} : { logical_block_size: sectorSize, physical_block_size: sectorSize }),
        werror: 'report',
        rerror: 'report',
      },
      call,
    )
  } catch (error) {
    await cutDisk(qmp, serial, {}).catch(() => undefined)
    throw error
  }
}

/** Every further access of the guest to the disk fails at once, as when its cable is pulled; the device is still there. */
export async function cutDisk(qmp: QmpConnection, serial: string, call: Call): Promise<void> {
  await monitor(qmp, `drive_del ${driveOf(serial)}`, /^\s*$/, call)
}

/** Makes a plugged disk fail that does not; it is there all the while. */
export async function spoilDisk(
  qmp: QmpConnection,
  serial: string,
  faults: DiskFaults,
  call: Call,
): Promise<void> {
  await putFaults(qmp, driveOf(serial), faults, call)
}

/** Takes out what makes a plugged disk fail. */
export async function mendDisk(qmp: QmpConnection, serial: string, call: Call): Promise<void> {
  await takeFaults(qmp, driveOf(serial), call)
}

/** Removes what made a disk fail that is cut. */
export async function forgetFaults(qmp: QmpConnection, serial: string, call: Call): Promise<void> {
  await removeFaults(qmp, driveOf(serial), call)
}

/** Asks the guest to let go of a device, which it does when it wants: see the event DEVICE_DELETED. */
export async function eject(qmp: QmpConnection, id: string, call: Call): Promise<void> {
  await qmp.execute('device_del', { id }, call)
}

export interface HotCard {
  /** Letters, digits, `-` and `_`. */
  readonly name: string
  readonly port: string
  /** 0 to 245: each has a network of its own, 10.0.<10 + index>.0/24. */
  readonly index: number
}

/** The id of a plugged card's device. */
export const hotCardId = (name: string): string => `hot-card-${name}`
const netOf = (name: string): string => `hot-net-${name}`

/** Plugs a network card in. Its network has DHCP and nothing else: no way to the host, no default route. */
export async function plugCard(
  qmp: QmpConnection,
  { name, port, index }: HotCard,
  call: Call,
): Promise<void> {
  const net = `10.0.${10 + index}.0/24`
  await qmp.execute('netdev_add', { type: 'user', id: netOf(name), net, restrict: true, ipv6: false }, call)
  try {
    await qmp.execute(
      'device_add',
      { driver: 'virtio-net-pci', id: hotCardId(name), netdev: netOf(name), bus: port, romfile: '' },
      call,
    )
  } catch (error) {
    await removeNet(qmp, name, {}).catch(() => undefined)
    throw error
  }
}

/** Plugs the card of the private network into a machine that was started with it `unplugged`. */
export async function plugPrivateCard(qmp: QmpConnection, mac: string, call: Call): Promise<void> {
  await qmp.execute('device_add', { ...PRIVATE_CARD, mac }, call)
}

/** Removes the network of a card that is gone. */
export async function removeNet(qmp: QmpConnection, name: string, call: Call): Promise<void> {
  await qmp.execute('netdev_del', { id: netOf(name) }, call)
}

/** A network card of the command line or one that was plugged in. */
export type Link = 'primary' | 'private' | { readonly hot: string }

/** Cuts or mends a card's link: the guest sees its carrier go. */
export async function setLink(qmp: QmpConnection, link: Link, up: boolean, call: Call): Promise<void> {
  const name = link === 'primary' ? 'net0' : link === 'private' ? 'net1' : netOf(link.hot)
  await qmp.execute('set_link', { name, up }, call)
}

// The human monitor tells an error by words.
async function monitor(qmp: QmpConnection, line: string, expected: RegExp, call: Call): Promise<void> {
  const answer = await qmp.execute('human-monitor-command', { 'command-line': line }, call)
  if (expected.test(answer)) return
  throw new InfraError(`QEMU refused "${line.split(' ')[0] ?? ''}": ${answer.trim()}`, {
    code: 'hot-plug-failed',
  })
}
