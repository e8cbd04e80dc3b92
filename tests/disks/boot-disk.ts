// The image on other disks than virtio with 512-byte sectors.

import { describe, expect, test, type Machine } from '../../harness/index.ts'

const sudo = { sudo: true } as const

/** Everything that the image has on its disk is on this one, in a table without fault; and so it is after a reboot. */
async function expectBootedFrom(machine: Machine, device: RegExp, sectorSize: number): Promise<void> {
  for (const boot of ['first', 'second']) {
    await test.step(`${boot} boot`, async () => {
      for (const label of ['ESP', 'OEM', 'ROOT'])
        expect(await machine.run(['readlink', '-f', `/dev/disk/by-partlabel/${label}`])).toMatch(device)
      const usr = await machine.run(['/usr/sbin/veritysetup', 'status', 'usr'], sudo)
      expect(/^\s*data device:\s*(\S+)$/m.exec(usr)?.[1]).toMatch(device)
      const parent = await machine.run('lsblk --noheadings --output=PKNAME /dev/disk/by-partlabel/ROOT')
      const queue = `/sys/block/${parent}/queue/logical_block_size`
      await expect(machine).toHaveFile(queue, { content: `${sectorSize}\n` })
      const verified = await machine.run(['/usr/sbin/sgdisk', '--verify', `/dev/${parent}`], sudo)
      expect(verified).toContain('No problems found')
      // Looked at, so that it is mounted.
      expect(await machine.run('find /boot/EFI/Linux -name "*.efi"', sudo)).toMatch(/reference_.*\.efi/)
    })
    if (boot === 'first') await machine.reboot()
  }
}

describe(
  'disks.boot',
  { firstBoot: true, distros: ['reference'], tags: ['system'], timeoutMs: 120_000 },
  () => {
    test(
      'nvme',
      {
        description: 'The image boots from an NVMe disk.',
        aliases: ['basic.nvme'],
        primaryDisk: { bus: 'nvme' },
      },
      async ({ machine }) => await expectBootedFrom(machine, /^\/dev\/nvme0n1p\d$/, 512),
    )

    test(
      'scsi',
      { description: 'The image boots from a SCSI disk.', primaryDisk: { bus: 'scsi' } },
      async ({ machine }) => await expectBootedFrom(machine, /^\/dev\/sda\d$/, 512),
    )

    test(
      'sectors-4k',
      {
        description:
          'The image boots from a disk with 4096-byte sectors, and its root grows to the end of it.',
        primaryDisk: { sectorSize: 4096 },
        primaryDiskMiB: 4096,
      },
      async ({ machine }) => {
        await expectBootedFrom(machine, /^\/dev\/vda\d$/, 4096)
        const blocks = Number(await machine.run('df --output=size --block-size=1M / | tail -n 1'))
        // ESP, two slots and OEM take 1.5 GiB of the 4.
        expect(blocks).toBeGreaterThan(2200)
      },
    )
  },
)
