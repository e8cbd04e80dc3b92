// Configs of spec 2, which Flatcar's Ignition translates: users, ROOT and other filesystems in the words of then.

import { describe, expect, test, type Machine } from '../../harness/index.ts'

const sudo = { sudo: true } as const
const UUID = '726f6f74-5a5a-4a5a-8a5a-7369676e616c'

async function probe(machine: Machine, device: string): Promise<Readonly<Record<string, string>>> {
  const text = await machine.run(['blkid', '-p', '-o', 'export', device], sudo)
  return Object.fromEntries(text.split('\n').map((line) => line.split('=', 2)))
}

const ROOT = '/dev/disk/by-partlabel/ROOT'

describe('ignition.spec-2', { distros: ['flatcar'], firstBoot: true, timeoutMs: 120_000 }, () => {
  test(
    'empty',
    {
      description: 'With an empty config of spec 2 the machine boots.',
      aliases: ['cl.ignition.v2.noop'],
      versions: '>=3227.0.0',
      ignition: { ignition: { version: '2.0.0' } },
    },
    async ({ machine }) => {
      await expect(machine).toHaveActiveUnit('multi-user.target')
      await expect(machine).toHaveNoFailedUnits()
    },
  )

  test(
    'users',
    {
      description: 'core gets its hash, new users their id, home, shell and group.',
      aliases: ['cl.ignition.v2.users'],
      ignition: {
        ignition: { version: '2.0.0' },
        passwd: {
          users: [
            { name: 'core', passwordHash: 'signalbox' },
            { name: 'sbx-one', create: {} },
            { name: 'sbx-two', create: { uid: 1010, groups: ['docker'] } },
          ],
        },
      },
    },
    async ({ machine }) => {
      for (const [name, record, hash] of [
        ['core', /^core:x:500:500:[^:]*:\/home\/core:\/bin\/bash$/, 'signalbox'],
        ['sbx-one', /^sbx-one:x:1000:1000::\/home\/sbx-one:\/bin\/bash$/, '*'],
        ['sbx-two', /^sbx-two:x:1010:1010::\/home\/sbx-two:\/bin\/bash$/, '*'],
      ] as const) {
        expect.soft(await machine.run(['getent', 'passwd', name])).toMatch(record)
        const shadow = await machine.run(['getent', 'shadow', name], sudo)
        expect.soft(shadow.split(':').slice(0, 2)).toEqual([name, hash])
      }
      expect((await machine.run(['id', '-Gn', 'sbx-two'])).split(' ')).toContain('docker')
    },
  )

  for (const [format, options] of [
    ['ext4', ['-L', 'ROOT', '-U', UUID]],
    ['xfs', ['-L', 'ROOT', '-m', `uuid=${UUID}`]],
    ['btrfs', ['--label=ROOT', `--uuid=${UUID}`]],
  ] as const) {
    test(
      `root-${format}`,
      {
        description: `ROOT is made anew as ${format}, with the options that the config has for its mkfs.`,
        aliases: [`cl.ignition.v2.${format}root`],
        ignition: {
          ignition: { version: '2.0.0' },
          storage: {
            filesystems: [{ mount: { device: ROOT, format, create: { force: true, options } } }],
          },
        },
      },
      async ({ machine }) => {
        expect(await probe(machine, '/dev/disk/by-label/ROOT')).toMatchObject({ TYPE: format, UUID })
        await expect(machine).toHaveMount('/', { fstype: format })
      },
    )
  }

  test(
    'root-kept',
    {
      description: 'A ROOT that is ext4 already, as the config wants it, is not made anew.',
      aliases: ['cl.ignition.v2_1.ext4checkexisting'],
    },
    async ({ machine, cluster }) => {
      const other = await cluster.boot({
        ignition: {
          ignition: { version: '2.1.0' },
          storage: { filesystems: [{ mount: { device: ROOT, format: 'ext4', label: 'ROOT' } }] },
        },
      })
      const [before, after] = [await probe(machine, ROOT), await probe(other, ROOT)]
      expect(after).toMatchObject({ TYPE: 'ext4', UUID: before['UUID'] ?? 'of the image' })
    },
  )

  for (const [format, uuid] of [
    ['vfat', '5342-5831'],
    ['swap', UUID],
  ] as const) {
    test(
      format,
      {
        description: `The spare partition for /usr becomes ${format}, with the label and id of the config.`,
        aliases: [`cl.ignition.v2_1.${format}`],
        ignition: {
          ignition: { version: '2.1.0' },
          storage: {
            filesystems: [
              {
                mount: {
                  device: '/dev/disk/by-partlabel/USR-B',
                  format,
                  wipeFilesystem: true,
                  label: 'USR-B',
                  uuid,
                },
              },
            ],
          },
        },
      },
      async ({ machine }) => {
        expect(await probe(machine, '/dev/disk/by-label/USR-B')).toMatchObject({ TYPE: format, UUID: uuid })
      },
    )
  }
})
