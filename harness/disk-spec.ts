// Disks of a machine, as a test asks for them.

export const diskBuses = ['virtio', 'nvme', 'scsi', 'sata'] as const
export type DiskBus = (typeof diskBuses)[number]

/** How a disk is attached. */
export interface DiskAttachment {
  /**
   * Default `virtio`. In the guest, below /dev/disk/by-id: `virtio-<serial>`, `nvme-QEMU_NVMe_Ctrl_<serial>`,
   * `scsi-0QEMU_QEMU_HARDDISK_<serial>`, `ata-QEMU_HARDDISK_<serial>`.
   */
  readonly bus?: DiskBus
  /** Bytes of a logical sector; default 512. Not 4096 on `sata`. */
  readonly sectorSize?: 512 | 4096
  /** Ways to the same disk, each with a host adapter of its own, for multipath; 2 to 4 on `scsi` only, default 1. */
  readonly paths?: number
}

/** Which accesses of the guest to a disk end in an I/O error. */
export type DiskFaults = 'none' | 'reads' | 'writes' | 'all'

/** An extra disk, empty and zeroed. In the guest: `/dev/disk/by-id/virtio-<serial>`, unless it is on another bus. */
export interface DiskSpec extends DiskAttachment {
  readonly serial: string
  readonly sizeMiB: number
}
