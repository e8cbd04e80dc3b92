// Disks on all that a disk can be attached to, with sectors of either size.

import { createHash } from 'node:crypto'
import { describe, expect, test, type Machine } from '../../harness/index.ts'

const sudo = { sudo: true } as const

interface Expected {
  readonly serial: string
  readonly device: string
  /** As the kernel calls the way to it. */
  readonly transport: string
  readonly sectorSize: number
}

const nvme: Expected = {
  serial: 'nvme4k',
  device: '/dev/disk/by-id/nvme-QEMU_NVMe_Ctrl_nvme4k',
  transport: 'nvme',
  sectorSize: 4096,
}
const scsi: Expected = {
  serial: 'scsi4k',
  device: '/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_scsi4k',
  transport: '',
  sectorSize: 4096,
}
const sata: Expected = {
  serial: 'sata512',
  device: '/dev/disk/by-id/ata-QEMU_HARDDISK_sata512',
  transport: 'sata',
  sectorSize: 512,
}
const virtio: Expected = {
  serial: 'virtio4k',
  device: '/dev/disk/by-id/virtio-virtio4k',
  transport: 'virtio',
  sectorSize: 4096,
}

const SIZE_MIB = 64

/** What it is, what is written to it comes back from the device, and a filesystem on it holds a file. */
async function expectDisk(machine: Machine, { device, transport, sectorSize }: Expected): Promise<void> {
  const columns = ['--nodeps', '--json', '--bytes', '--output=TRAN,LOG-SEC,PHY-SEC,SIZE']
  const { blockdevices } = JSON.parse(await machine.run(['lsblk', ...columns, device])) as {
    readonly blockdevices: readonly Readonly<Record<string, string | number | null>>[]
  }
  const [found = {}] = blockdevices
  expect(found['tran'] ?? '').toBe(transport)
  expect([found['log-sec'], found['phy-sec']]).toEqual([sectorSize, sectorSize])
  expect(found['size']).toBe(SIZE_MIB * 1024 * 1024)
  const content = Buffer.alloc(1024 * 1024, `on ${device} `)
  await machine.writeFile('/run/sbx-content', content)
  const direct = ['bs=64K', 'seek=16', 'oflag=direct', 'conv=fsync', 'status=none']
  await machine.run(['dd', 'if=/run/sbx-content', `of=${device}`, ...direct], sudo)
  const read = await machine.run(
    ['sh', '-c', 'dd if="$1" bs=64K skip=16 count=16 iflag=direct status=none | sha256sum', 'sh', device],
    sudo,
  )
  expect(read.split(' ')[0]).toBe(createHash('sha256').update(content).digest('hex'))
  // Less than a sector cannot be read from the device itself.
  const half = ['dd', `if=${device}`, 'of=/dev/null', 'bs=512', 'count=1', 'iflag=direct', 'status=none']
  expect((await machine.exec(half, sudo)).exitCode).toBe(sectorSize === 512 ? 0 : 1)
  await machine.run(['/usr/sbin/mkfs.ext4', '-q', '-F', device], sudo)
  const mount =
    'mkdir -p /run/sbx-disk && mount "$1" /run/sbx-disk && cp /run/sbx-content /run/sbx-disk/ && umount /run/sbx-disk'
  await machine.run(['sh', '-c', mount, 'sh', device], sudo)
  await machine.run(['/usr/sbin/e2fsck', '-f', '-n', device], sudo)
}

describe(
  'disks.bus',
  {
    firstBoot: true,
    exclusive: false,
    tags: ['system'],
    disks: [
      { serial: nvme.serial, sizeMiB: SIZE_MIB, bus: 'nvme', sectorSize: 4096 },
      { serial: scsi.serial, sizeMiB: SIZE_MIB, bus: 'scsi', sectorSize: 4096 },
      { serial: sata.serial, sizeMiB: SIZE_MIB, bus: 'sata' },
      { serial: virtio.serial, sizeMiB: SIZE_MIB, sectorSize: 4096 },
    ],
  },
  () => {
    for (const [name, disk] of Object.entries({ nvme, scsi, sata, virtio })) {
      test(
        name,
        {
          description: `A disk on ${name} with ${disk.sectorSize}-byte sectors is found by its serial and keeps what is written.`,
        },
        async ({ machine }) => await expectDisk(machine, disk),
      )
    }
  },
)
