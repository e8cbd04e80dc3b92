import { describe, expect, test } from 'vitest'
import { diskArguments, pathDevice } from './disk-arguments.ts'
import type { DiskConfig } from './machine-config.ts'

const disk = (serial: string, more: Partial<DiskConfig> = {}): DiskConfig => ({
  path: `/m/${serial}.qcow2`,
  format: 'qcow2',
  serial,
  ...more,
})

/** The devices alone, one a line. */
const devices = (config: Parameters<typeof diskArguments>[0]): readonly string[] =>
  diskArguments(config).filter((_, index, all) => all[index - 1] === '-device')

describe('diskArguments', () => {
  test('every bus, and the primary disk boots wherever it is', () => {
    const disks = [
      disk('primary-disk', { bus: 'nvme', sectorSize: 4096 }),
      disk('a'),
      disk('b', { bus: 'scsi', sectorSize: 4096 }),
      disk('c', { bus: 'sata' }),
      disk('d', { bus: 'sata' }),
      disk('e', { bus: 'scsi' }),
    ]
    expect(devices({ disks })).toEqual([
      'virtio-scsi-pci,id=scsi0',
      'ich9-ahci,id=sata0',
      'nvme,drive=disk0,serial=primary-disk,bootindex=1,logical_block_size=4096,physical_block_size=4096',
      'virtio-blk-pci,drive=disk1,serial=a,werror=stop,rerror=stop',
      'scsi-hd,bus=scsi0.0,scsi-id=0,drive=disk2,serial=b,logical_block_size=4096,physical_block_size=4096,werror=stop,rerror=stop',
      'ide-hd,bus=sata0.0,drive=disk3,serial=c,werror=stop,rerror=stop',
      'ide-hd,bus=sata0.1,drive=disk4,serial=d,werror=stop,rerror=stop',
      'scsi-hd,bus=scsi0.0,scsi-id=1,drive=disk5,serial=e,werror=stop,rerror=stop',
    ])
  })

  test('paths: one disk behind two adapters, one name for both, one of them for the firmware', () => {
    const disks = [disk('primary-disk'), disk('lun', { bus: 'scsi', paths: 2 })]
    const config = { disks, bootOrder: ['lun'] }
    const same = 'drive=disk1,serial=lun'
    const { wwn } = pathDevice(disks, 1, 0).values
    const behind = `share-rw=on,wwn=${String(wwn)},werror=stop,rerror=stop`
    // A number, or QMP takes it not; of at most 15 digits and zeros, or JSON rounds it; beginning with 5 in hex (NAA 5).
    expect(JSON.stringify(wwn)).toMatch(/^[56]\d{14}0{4}$/)
    expect(BigInt(String(wwn)) >> 60n).toBe(5n)
    expect(pathDevice(disks, 1, 1).values['wwn']).toBe(wwn)
    expect(devices(config)).toEqual([
      'virtio-scsi-pci,id=scsi0',
      'virtio-scsi-pci,id=scsi1',
      'virtio-blk-pci,drive=disk0,serial=primary-disk,werror=stop,rerror=stop',
      `scsi-hd,bus=scsi0.0,scsi-id=0,id=disk1-path0,${same},bootindex=1,${behind}`,
      `scsi-hd,bus=scsi1.0,scsi-id=0,id=disk1-path1,${same},${behind}`,
    ])
    expect(diskArguments(config).filter((value) => value.includes('node-name=disk1,'))).toHaveLength(1)
    expect(pathDevice(disks, 1, 1).values).toMatchObject({ id: 'disk1-path1', bus: 'scsi1.0', 'scsi-id': 0 })
  })

  test('the boot order counts from 1, and what it leaves out is not tried', () => {
    const disks = [disk('primary-disk'), disk('data')]
    const all = { disks, bootOrder: ['cdrom', 'data'], cdrom: '/m/cd,1.iso' }
    expect(devices(all)).toEqual([
      'virtio-blk-pci,drive=disk0,serial=primary-disk,werror=stop,rerror=stop',
      'virtio-blk-pci,drive=disk1,serial=data,bootindex=2,werror=stop,rerror=stop',
      'virtio-scsi-pci,id=cdrom-adapter',
      'scsi-cd,bus=cdrom-adapter.0,drive=cdrom,bootindex=1',
    ])
    expect(diskArguments(all)).toContain(
      'driver=file,node-name=cdrom-file,filename=/m/cd,,1.iso,read-only=on',
    )
  })
})
