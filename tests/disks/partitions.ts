// Ignition partitions and formats a second disk.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { fatUuid, filesystemUuid, partitionUuid, secondDisk, swapFile, swapUuid } from './second-disk.ts'

interface BlockDevice {
  readonly partn: number | null
  readonly partlabel: string | null
  readonly partuuid: string | null
  readonly size: number
}

/** What is on a partition, read from the device, not from udev's memory. */
async function probe(machine: Machine, partition: string): Promise<ReadonlyMap<string, string>> {
  const text = await machine.run(['blkid', '-p', '-o', 'export', `/dev/disk/by-partlabel/${partition}`], {
    sudo: true,
  })
  return new Map(
    text.split('\n').map((line): [string, string] => [line.replace(/=.*$/, ''), line.replace(/^[^=]*=/, '')]),
  )
}

describe('ignition', { firstBoot: true, ...secondDisk }, () => {
  test(
    'partitions',
    {
      description:
        'The partitions have the numbers, names, sizes and ids of the config, and the last takes the rest.',
    },
    async ({ machine }) => {
      const columns = ['--json', '--list', '--bytes', '--output', 'PARTN,PARTLABEL,PARTUUID,SIZE']
      const text = await machine.run(['lsblk', ...columns, '/dev/disk/by-id/virtio-data'])
      const { blockdevices } = JSON.parse(text) as { readonly blockdevices: readonly BlockDevice[] }
      const MiB = 1024 * 1024
      const partitions = blockdevices.filter(({ partn }) => partn !== null)
      expect(partitions).toEqual([
        expect.objectContaining({ partn: 1, partlabel: 'sbx-data', size: 96 * MiB, partuuid: partitionUuid }),
        expect.objectContaining({ partn: 2, partlabel: 'sbx-fat', size: 48 * MiB }),
        expect.objectContaining({ partn: 3, partlabel: 'sbx-swap' }),
      ])
      // The table itself takes a MiB at each end at most.
      expect(partitions[2]?.size).toBeGreaterThanOrEqual((256 - 96 - 48 - 2) * MiB)
    },
  )

  test(
    'filesystems',
    {
      description:
        'ext4 and vfat are made with their labels and ids; a file lies on the new filesystem, which is mounted.',
      aliases: ['cl.ignition.v2_1.vfat'],
    },
    async ({ machine }) => {
      const data = await probe(machine, 'sbx-data')
      expect([data.get('TYPE'), data.get('LABEL'), data.get('UUID')]).toEqual([
        'ext4',
        'data',
        filesystemUuid,
      ])
      const fat = await probe(machine, 'sbx-fat')
      expect([fat.get('TYPE'), fat.get('LABEL'), fat.get('UUID')]).toEqual(['vfat', 'SBXFAT', fatUuid])
      await expect(machine).toHaveMount('/var/data', { fstype: 'ext4', options: ['rw'] })
      await expect(machine).toHaveFile('/var/data/from-ignition', { content: 'on the second disk\n' })
    },
  )

  test(
    'swap',
    {
      description: 'A swap partition is made with its label and id, and in use through its unit.',
      aliases: ['cl.ignition.v2_1.swap'],
    },
    async ({ machine }) => {
      const swap = await probe(machine, 'sbx-swap')
      expect([swap.get('TYPE'), swap.get('LABEL'), swap.get('UUID')]).toEqual(['swap', 'sbx-swap', swapUuid])
      const active = await machine.run(['swapon', '--show=NAME', '--noheadings'])
      const device = await machine.run(['readlink', '-f', '/dev/disk/by-partlabel/sbx-swap'])
      expect(active.split('\n').filter((name) => name !== swapFile)).toEqual([device])
    },
  )

  test(
    'swap-file',
    {
      description:
        'A swap file of a gibibyte that a unit makes is in use through the unit that is enabled for it.',
      aliases: ['cl.swap_activation'],
    },
    async ({ machine }) => {
      await expect(machine).toHaveActiveUnit('var-sbx\\x2dswap-file.swap', { timeoutMs: 15_000 })
      const active = await machine.run(['swapon', '--show=NAME,SIZE', '--noheadings', '--raw', '--bytes'])
      // A page of it is the header.
      expect(active.split('\n')).toContain(`${swapFile} ${1024 * 1024 * 1024 - 4096}`)
      const human = await machine.run(['swapon', '--show=NAME,SIZE', '--noheadings', '--raw'])
      expect(human.split('\n')).toContain(`${swapFile} 1024M`)
    },
  )
})
