// What Ignition makes of extra disks in the first boot: arrays, an encrypted disk, filesystems; all of it is there after a reboot.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { dataUrl } from '../ignition/data-url.ts'

const sudo = { sudo: true } as const
const disk = (serial: string): string => `/dev/disk/by-id/virtio-${serial}`
const part = (label: string): string => `/dev/disk/by-partlabel/${label}`

const members = ['a', 'b', 'c']
const levels = [
  ['raid0', 2],
  ['raid1', 2],
  ['raid5', 3],
] as const

/** `[device, format, path]` */
const filesystems = [
  ...levels.map(([name]) => [`/dev/md/${name}`, 'ext4', `/var/mnt/${name}`] as const),
  ['/dev/mapper/sealed', 'ext4', '/var/mnt/sealed'],
  [part('sbx-btrfs'), 'btrfs', '/var/mnt/btrfs'],
  [part('sbx-xfs'), 'xfs', '/var/mnt/xfs'],
] as const

const mountUnit = ([what, type, where]: (typeof filesystems)[number]): object => ({
  name: `${where.slice(1).replaceAll('/', '-')}.mount`,
  enabled: true,
  contents: `[Mount]\nWhat=${what}\nWhere=${where}\nType=${type}\n\n[Install]\nRequiredBy=local-fs.target\n`,
})

const config = {
  ignition: { version: '3.2.0' },
  storage: {
    disks: [
      ...members.map((serial) => ({
        device: disk(serial),
        wipeTable: true,
        partitions: levels.map(([name], index) => ({
          number: index + 1,
          label: `sbx-${name}-${serial}`,
          sizeMiB: 40,
        })),
      })),
      {
        device: disk('d'),
        wipeTable: true,
        partitions: [
          { number: 1, label: 'sbx-luks', sizeMiB: 64 },
          { number: 2, label: 'sbx-btrfs', sizeMiB: 160 },
          { number: 3, label: 'sbx-xfs', sizeMiB: 320 },
        ],
      },
    ],
    raid: levels.map(([name, count]) => ({
      name,
      level: name,
      devices: members.slice(0, count).map((serial) => part(`sbx-${name}-${serial}`)),
    })),
    luks: [
      {
        name: 'sealed',
        label: 'sbx-sealed',
        device: part('sbx-luks'),
        keyFile: { source: dataUrl('the key of the test') },
        options: ['--pbkdf', 'pbkdf2', '--pbkdf-force-iterations', '1000'],
        wipeVolume: true,
      },
    ],
    filesystems: filesystems.map(([device, format, path]) => ({
      device,
      format,
      path,
      wipeFilesystem: true,
    })),
    files: filesystems.map(([, , path]) => ({
      path: `${path}/from-ignition`,
      contents: { source: dataUrl(`on ${path}\n`) },
    })),
  },
  systemd: { units: filesystems.map(mountUnit) },
}

async function expectArray(machine: Machine, name: string, count: number): Promise<void> {
  const details = await machine.run(['mdadm', '--detail', `/dev/md/${name}`], sudo)
  expect(/Raid Level : (\S+)/.exec(details)?.[1]).toBe(name)
  expect(Number(/Active Devices : (\d+)/.exec(details)?.[1])).toBe(count)
  await expect(machine).toHaveMount(`/var/mnt/${name}`, { fstype: 'ext4' })
  await expect(machine).toHaveFile(`/var/mnt/${name}/from-ignition`, { content: `on /var/mnt/${name}\n` })
}

describe(
  'storage.ignition',
  {
    serial: true,
    firstBoot: true,
    features: ['mdadm', 'luks', 'btrfs', 'xfs'],
    tags: ['system'],
    disks: [...members.map((serial) => ({ serial, sizeMiB: 128 })), { serial: 'd', sizeMiB: 560 }],
    ignition: config,
    timeoutMs: 120_000,
  },
  () => {
    for (const [name, count] of levels) {
      test(
        name,
        {
          description: `An array of level ${name.slice(4)} is made of ${count} partitions, formatted, mounted, and has its file.`,
        },
        async ({ machine }) => {
          await expectArray(machine, name, count)
        },
      )
    }

    test(
      'luks',
      {
        description: 'A partition is encrypted with a key of the config, and opened with it.',
        aliases: ['cl.ignition.luks'],
      },
      async ({ machine }) => {
        await expect(machine).toRun(['cryptsetup', 'status', 'sealed'], { ...sudo, stdout: /type:\s+LUKS2/ })
        await expect(machine).toHaveMount('/var/mnt/sealed', { fstype: 'ext4' })
        await expect(machine).toHaveFile('/var/mnt/sealed/from-ignition', { content: 'on /var/mnt/sealed\n' })
        const keys = await machine.run('stat -c "%a %U" /etc/luks/sealed', sudo)
        expect(keys).toMatch(/^[46]00 root$/)
      },
    )

    test(
      'formats',
      { description: 'btrfs and XFS are made and mounted, each with its file.' },
      async ({ machine }) => {
        for (const type of ['btrfs', 'xfs']) {
          await expect(machine).toHaveMount(`/var/mnt/${type}`, { fstype: type })
          await expect(machine).toHaveFile(`/var/mnt/${type}/from-ignition`, {
            content: `on /var/mnt/${type}\n`,
          })
        }
      },
    )

    test(
      'reboot',
      {
        description:
          'After a reboot arrays are put together, the encrypted disk is opened, and all is mounted with its files.',
        aliases: ['cl.disk.raid0.data', 'cl.disk.raid1.data'],
      },
      async ({ machine }) => {
        for (const [, , path] of filesystems)
          await machine.run(['sh', '-c', `echo changed >${path}/changed; sync -f ${path}`], sudo)
        await machine.reboot()
        for (const [name, count] of levels) await expectArray(machine, name, count)
        for (const [, format, path] of filesystems) {
          await expect(machine).toHaveMount(path, { fstype: format })
          await expect(machine).toHaveFile(`${path}/changed`, { content: 'changed\n' })
        }
      },
    )
  },
)
