// Disks on the command line: their files, their controllers, and each path by which the guest reaches them. A path of a disk that
// has several can be taken away and given back while the machine runs, so its device is described once, here.

import { createHash } from 'node:crypto'
import type { DiskConfig, MachineConfig } from './machine-config.ts'
import { option } from './option-value.ts'

type Values = Readonly<Record<string, string | number | boolean | undefined>>

/** A device as `-device` and `device_add` take it. */
export interface Device {
  readonly driver: string
  readonly values: Values
}

/** All arguments of the machine's disks and of its CD drive, controllers before what is on them. */
export function diskArguments(
  config: Pick<MachineConfig, 'disks' | 'bootOrder' | 'cdrom'>,
): readonly string[] {
  const { disks, cdrom } = config
  const order = bootIndexes(config)
  return [
    ...controllers(disks),
    ...disks.flatMap((disk, index) => [
      ...files(disk, index),
      ...Array.from({ length: disk.paths ?? 1 }, (_, path) => {
        const { driver, values } = pathDevice(disks, index, path, order)
        return ['-device', option(driver, values)]
      }).flat(),
    ]),
    ...(cdrom === undefined ? [] : cdromArguments(cdrom, order('cdrom'))),
  ]
}

/** The firmware's place for a disk (by serial), `network` or `cdrom`; undefined: it does not try it. */
export function bootIndexes({
  disks,
  bootOrder = disks.slice(0, 1).map(({ serial }) => serial),
}: Pick<MachineConfig, 'disks' | 'bootOrder'>): (name: string) => number | undefined {
  // Index 0 belongs to QEMU's own Linux loader.
  return (name) => (bootOrder.includes(name) ? bootOrder.indexOf(name) + 1 : undefined)
}

/** The id of the device that is one path, from 0, to a disk that has several. */
export const pathId = (index: number, path: number): string => `disk${index}-path${path}`

/** One path to the disk at `index`. Throws RangeError when there is no such disk. */
export function pathDevice(
  disks: readonly DiskConfig[],
  index: number,
  path: number,
  order: (name: string) => number | undefined = () => undefined,
): Device {
  const disk = disks[index]
  if (disk === undefined) throw new RangeError(`no disk ${index}`)
  const { serial, bus = 'virtio', sectorSize = 512, paths = 1 } = disk
  const common: Values = {
    ...(paths > 1 ? { id: pathId(index, path) } : {}),
    drive: `disk${index}`,
    serial,
    // Several paths are one disk: the firmware gets on by any of them, and is given the first.
    bootindex: path === 0 ? order(serial) : undefined,
    ...(sectorSize === 512 ? {} : { logical_block_size: sectorSize, physical_block_size: sectorSize }),
  }
  const place = disks.slice(0, index).filter((other) => other.bus === bus).length
  switch (bus) {
    case 'virtio':
      return { driver: 'virtio-blk-pci', values: { ...common, ...ON_ERROR } }
    case 'nvme':
      return { driver: 'nvme', values: common }
    case 'sata':
      return { driver: 'ide-hd', values: { bus: `sata0.${place}`, ...common, ...ON_ERROR } }
    case 'scsi': {
      const shared = paths > 1 ? { 'share-rw': true, wwn: worldWideName(serial) } : {}
      const values = { bus: `scsi${path}.0`, 'scsi-id': place, ...common, ...shared, ...ON_ERROR }
      return { driver: 'scsi-hd', values }
    }
    default:
      return bus satisfies never
  }
}

// `werror=stop`: a full or failing host disk stops the machine (and is reported as the host's fault) instead of showing the guest
// an I/O error that would be blamed on the image. QEMU's NVMe has no such setting.
const ON_ERROR = { werror: 'stop', rerror: 'stop' } as const

// `cache.no-flush`: the guest's flushes reach the host's page cache, not its disk; a killed QEMU loses nothing that a
// pulled plug would keep.
function files({ path, format }: DiskConfig, index: number): readonly string[] {
  const file = `disk${index}-file`
  const common = { discard: 'unmap', 'cache.no-flush': true } as const
  return [
    '-blockdev',
    option('', { driver: 'file', 'node-name': file, filename: path, ...common }),
    '-blockdev',
    option('', { driver: format, 'node-name': `disk${index}`, file, ...common }),
  ]
}

// One host adapter for each path, so that paths share nothing but the disk. The q35 has SATA ports of its own, `virt` has none.
function controllers(disks: readonly DiskConfig[]): readonly string[] {
  const paths = Math.max(0, ...disks.map(({ bus, paths: count = 1 }) => (bus === 'scsi' ? count : 0)))
  const adapters = Array.from({ length: paths }, (_, path) => ['-device', `virtio-scsi-pci,id=scsi${path}`])
  const sata = disks.some(({ bus }) => bus === 'sata') ? ['-device', 'ich9-ahci,id=sata0'] : []
  return [...adapters.flat(), ...sata]
}

/**
 * An NAA 5 identifier that only depends on the serial: what says of two paths that they lead to one disk. QMP takes a number only, of 64
 * bits; 15 digits and zeros are what a number here can say in decimal without a loss.
 */
function worldWideName(serial: string): number {
  const drawn = Number.parseInt(createHash('sha256').update(serial).digest('hex').slice(0, 12), 16)
  return Number(`${5.8e14 + (drawn % 1e14)}0000`)
}

function cdromArguments(path: string, bootindex: number | undefined): readonly string[] {
  const file = { driver: 'file', 'node-name': 'cdrom-file', filename: path, 'read-only': true }
  const raw = { driver: 'raw', 'node-name': 'cdrom', file: 'cdrom-file', 'read-only': true }
  return [
    ['-blockdev', option('', file), '-blockdev', option('', raw)],
    ['-device', 'virtio-scsi-pci,id=cdrom-adapter'],
    ['-device', option('scsi-cd', { bus: 'cdrom-adapter.0', drive: 'cdrom', bootindex })],
  ].flat()
}
