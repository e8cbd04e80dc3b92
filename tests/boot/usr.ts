// /usr is one verified, read-only image: it cannot be written, its hash tree is the one the kernel was told, and its
// content matches that.

import { describe, expect, test, type Machine } from '../../harness/index.ts'

/** What `veritysetup status` says, by key. */
async function verityStatus(machine: Machine): Promise<ReadonlyMap<string, string>> {
  const text = await machine.run(['/usr/sbin/veritysetup', 'status', 'usr'], { sudo: true })
  const pairs = text.split('\n').flatMap((line): [string, string][] => {
    const [, key, value] = /^\s+([\w ]+):\s+(.*?)\s*$/.exec(line) ?? []
    return key === undefined || value === undefined ? [] : [[key, value]]
  })
  return new Map(pairs)
}

async function expectedRootHash(machine: Machine): Promise<string | undefined> {
  return /\busrhash=([0-9a-f]{64})\b/.exec(await machine.readFile('/proc/cmdline'))?.[1]
}

describe('boot', { firstBoot: true, exclusive: false, distros: ['reference'] }, () => {
  test(
    'usr-read-only',
    {
      description: 'Nobody can write to /usr, root included.',
      tags: ['smoke'],
      aliases: ['cl.basic'],
    },
    async ({ machine }) => {
      await expect(machine).toHaveMount('/usr', { fstype: 'erofs', options: ['ro'] })
      await expect(machine).toRun(['/usr/sbin/blockdev', '--getro', '/dev/mapper/usr'], {
        sudo: true,
        stdout: /^1$/,
      })
      const write = await machine.exec(['touch', '/usr/bin/signalbox'], { sudo: true })
      expect(write.exitCode).not.toBe(0)
      expect(write.stderr).toContain('Read-only file system')
    },
  )

  test(
    'usr-verity',
    {
      description:
        'dm-verity guards /usr with the root hash from the kernel command line and panics on corruption.',
      tags: ['smoke'],
      aliases: ['cl.verity'],
    },
    async ({ machine }) => {
      const status = await verityStatus(machine)
      expect(status.get('type')).toBe('VERITY')
      expect(status.get('status')).toBe('verified')
      expect(status.get('mode')).toBe('readonly')
      expect(status.get('hash name')).toBe('sha256')
      expect(status.get('flags')).toContain('panic_on_corruption')
      expect(status.get('root hash')).toBe(await expectedRootHash(machine))
      expect(await machine.run(['findmnt', '-n', '-o', 'SOURCE', '/usr'])).toBe('/dev/mapper/usr')
    },
  )

  test(
    'usr-verify',
    {
      description: 'Every block of /usr on the disk agrees with the hash tree.',
      aliases: ['cl.verity'],
      timeoutMs: 120_000,
    },
    async ({ machine }) => {
      const status = await verityStatus(machine)
      const [data = '', hash = ''] = [status.get('data device'), status.get('hash device')]
      const rootHash = (await expectedRootHash(machine)) ?? ''
      await machine.run(['/usr/sbin/veritysetup', 'verify', data, hash, rootHash], {
        sudo: true,
        timeoutMs: 60_000 * machine.slowness,
      })
    },
  )

  test(
    'slots',
    {
      description:
        'The disk has two /usr slots with their hash trees, the first one filled and named by its root hash.',
    },
    async ({ machine }) => {
      const text = await machine.run([
        'lsblk',
        '--json',
        '--list',
        '--output',
        'PARTLABEL,PARTTYPENAME,PARTUUID',
      ])
      const { blockdevices } = JSON.parse(text) as { readonly blockdevices: readonly Partition[] }
      const ofType = (type: RegExp): readonly Partition[] =>
        blockdevices.filter(({ parttypename }) => type.test(parttypename ?? ''))
      const labels = blockdevices.map(({ partlabel }) => partlabel)
      expect(labels).toEqual(expect.arrayContaining(['ESP', 'OEM', 'ROOT']))
      const [usr, verity] = [ofType(/^Linux \/usr \(/), ofType(/^Linux \/usr verity \(/)]
      expect(usr).toHaveLength(2)
      expect(verity).toHaveLength(2)
      // Discoverable Partitions Specification: the two halves of the root hash are the two partitions' UUIDs.
      const rootHash = (await expectedRootHash(machine)) ?? ''
      const uuids = (partitions: readonly Partition[]): readonly (string | undefined)[] =>
        partitions.map(({ partuuid }) => partuuid?.replaceAll('-', ''))
      expect(uuids(usr)).toContain(rootHash.slice(0, 32))
      expect(uuids(verity)).toContain(rootHash.slice(32))
    },
  )
})

interface Partition {
  readonly partlabel: string | null
  readonly parttypename: string | null
  readonly partuuid: string | null
}
