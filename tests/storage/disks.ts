// Empty disks for the tests, plugged into running machines, and what is put on them.

import { expect, type Machine } from '../../harness/index.ts'

const sudo = { sudo: true } as const

/** Where disks can be plugged in: Debian's kernel for riscv64 has no PCI hot-plug. */
export const plugging = { platforms: ['qemu'], excludeArchitectures: ['riscv64'] } as const

/** The path of an extra disk. */
export const diskPath = (serial: string): string => `/dev/disk/by-id/virtio-${serial}`

/** Plugs empty disks in; resolves with their paths when the machine has them. */
export async function plugDisks(
  machine: Machine,
  serials: readonly string[],
  sizeMiB: number,
): Promise<readonly string[]> {
  for (const serial of serials) {
    await machine.addDisk({ serial, sizeMiB })
    await expect(machine).toRun(['test', '-b', diskPath(serial)], { timeoutMs: 8000 })
  }
  return serials.map(diskPath)
}

/** Writes a file of so many MiB that no compression shrinks, to the disk, not only to memory; returns its digest. */
export async function fill(machine: Machine, path: string, sizeMiB: number): Promise<string> {
  await machine.run(['dd', 'if=/dev/urandom', `of=${path}`, 'bs=1M', `count=${sizeMiB}`, 'conv=fsync'], sudo)
  return await digest(machine, path)
}

/** The digest of a file as it is on the disk: what memory knows of it is dropped before. */
export async function digest(machine: Machine, path: string): Promise<string> {
  await machine.run('sync; echo 1 >/proc/sys/vm/drop_caches', sudo)
  return (await machine.run(['sha256sum', path], sudo)).split(' ')[0] ?? ''
}

/** Makes a filesystem and mounts it; the folder is made. */
export async function mountNew(machine: Machine, device: string, type: string, at: string): Promise<void> {
  await machine.run([`mkfs.${type}`, ...(type === 'ext4' ? ['-q'] : ['-f']), device], sudo)
  await machine.run(['mkdir', '-p', at], sudo)
  await machine.run(['mount', '-t', type, device, at], sudo)
}
