// Disks, boot orders and NUMA nodes that cannot be had with this image on this host. Pure.

import type { DiskSpec, MachineSpec } from '../../harness/machine.ts'
import type { Firmware, Image } from '../../harness/model.ts'
import { CD_PACKAGES, CD_PROGRAMS, PRIMARY_DISK_SERIAL } from '../../qemu/index.ts'
import type { Host } from './host.ts'

/** Media that are no disk of the machine. */
const MEDIA = ['network', 'cdrom'] as const

/** AHCI has six ports. */
const SATA_PORTS = 6

/** Whether the firmware first tries what is not a disk. */
export const startsFromMedia = (bootOrder: readonly string[]): boolean =>
  MEDIA.some((medium) => medium === bootOrder[0])

/** Serials, sizes and attachments. */
export function refuseDisks({ disks, primaryDisk }: MachineSpec, image: Image): readonly string[] {
  const all = [{ serial: PRIMARY_DISK_SERIAL, ...primaryDisk }, ...disks]
  const serials = all.map((disk) => disk.serial)
  const twice = serials.find((serial, index) => serials.indexOf(serial) !== index)
  const bad = disks.find(({ serial }) => !/^[\w.-]{1,20}$/.test(serial))
  const empty = disks.find(({ sizeMiB }) => sizeMiB < 1)
  const { sectorSize = 512 } = primaryDisk ?? {}
  const { sectorSizes = [512] } = image
  const sata = all.filter(({ bus }) => bus === 'sata').length
  return [
    twice === undefined ? undefined : `needs two disks with the serial "${twice}"; each has its own`,
    bad === undefined
      ? undefined
      : `needs the disk serial "${bad.serial}"; one has 1 to 20 letters, digits, "-", "_" or "."`,
    empty === undefined ? undefined : `needs the disk "${empty.serial}" of no size; the smallest is 1 MiB`,
    ...all.map(refuseAttachment),
    sata > SATA_PORTS ? `needs ${sata} disks on sata; ${SATA_PORTS} fit` : undefined,
    sectorSizes.includes(sectorSize) && (sectorSize === 512 || image.disk?.format !== 'qcow2')
      ? undefined
      : `needs a primary disk with ${sectorSize}-byte sectors; the image is made for ${sectorSizes.join(' and ')}`,
  ].filter((reason) => reason !== undefined)
}

function refuseAttachment({
  serial,
  bus,
  sectorSize,
  paths = 1,
}: Omit<DiskSpec, 'sizeMiB'>): string | undefined {
  if (paths < 1 || paths > 4 || (paths > 1 && bus !== 'scsi'))
    return `needs ${paths} paths to the disk "${serial}"; one on scsi can have 1 to 4, others have 1`
  return sectorSize === 4096 && bus === 'sata'
    ? `needs the disk "${serial}" with 4096-byte sectors on sata; QEMU has them on virtio, nvme and scsi`
    : undefined
}

/** The boot order: whether there is a firmware that follows it, and what it names. */
export function refuseBoot(
  { bootOrder, disks }: MachineSpec,
  image: Image,
  host: Pick<Host, 'programs'>,
  firmware: Firmware,
): readonly string[] {
  if (bootOrder === undefined) return []
  const asked = `needs the boot order ${bootOrder.join(', ')}`
  if (firmware === 'direct') return [`${asked}; firmware direct starts a kernel by itself`]
  const known = [PRIMARY_DISK_SERIAL, ...disks.map(({ serial }) => serial), ...MEDIA]
  const unknown = bootOrder.filter((name) => !known.includes(name))
  const media = bootOrder.filter((name) => MEDIA.some((medium) => medium === name))
  const missing = CD_PROGRAMS.filter((program) => !host.programs.has(program))
  return [
    unknown.length > 0 ? `${asked}; there are ${known.join(', ')}` : undefined,
    media.length > 0 && image.unifiedKernel === undefined
      ? `${asked}; the image comes without a kernel for ${media.join(' and ')}`
      : undefined,
    media.length > 0 && firmware === 'bios' ? `${asked}; firmware bios boots disks only` : undefined,
    // systemd-stub takes no arguments from outside then, and without them nothing tells Ignition that it is the first boot.
    startsFromMedia(bootOrder) && firmware === 'uefi-secure'
      ? `${asked}; with Secure Boot the kernel takes no first-boot arguments from elsewhere than its disk`
      : undefined,
    bootOrder.includes('cdrom') && missing.length > 0
      ? `${asked}; this host has no ${missing.join(', ')}: apt-get install ${CD_PACKAGES.join(' ')}`
      : undefined,
  ].filter((reason) => reason !== undefined)
}

/** NUMA nodes. */
export function refuseNodes({ numaNodes = 1, cpus, memoryMiB }: MachineSpec): string | undefined {
  if (numaNodes === 1) return undefined
  if (numaNodes <= 8 && cpus % numaNodes === 0 && memoryMiB >= numaNodes * 128) return undefined
  return `needs ${numaNodes} NUMA nodes for ${cpus} CPUs and ${memoryMiB} MiB; each has as many CPUs, and 128 MiB at least, and there are at most 8`
}
