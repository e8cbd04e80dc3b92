// Arrays and encrypted volumes with all that a config can say of them.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { dataUrl } from './data-url.ts'

const sudo = { sudo: true } as const
const device = '/dev/disk/by-id/virtio-many'
const part = (label: string): string => `/dev/disk/by-partlabel/${label}`
const labels = (name: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `sbx-${name}-${at}`)
const mirror = labels('mirror', 3)
const striped = labels('striped', 4)
const secret = 'sbx-secret'
const uuid = '5ec2e700-5a5a-4a5a-8a5a-7369676e616c'

const mountUnit = (what: string, where: string): object => ({
  name: `${where.slice(1).replaceAll('/', '-')}.mount`,
  enabled: true,
  contents: `[Mount]\nWhat=${what}\nWhere=${where}\nType=ext4\n\n[Install]\nRequiredBy=local-fs.target\n`,
})
const filesystems = [
  { device: '/dev/md/mirror', path: '/var/mirror', format: 'ext4' },
  { device: '/dev/md/striped', path: '/var/striped', format: 'ext4' },
  { device: '/dev/mapper/secret', path: '/var/secret', format: 'ext4' },
]

async function detail(machine: Machine, array: string): Promise<ReadonlyMap<string, string>> {
  const text = await machine.run(['mdadm', '--detail', `/dev/md/${array}`], sudo)
  const pairs = text.split('\n').map((line) => line.split(' : ').map((each) => each.trim()))
  return new Map(pairs.map(([key = '', value = '']) => [key, value]))
}

async function expectAll(machine: Machine): Promise<void> {
  const pair = await detail(machine, 'mirror')
  expect(
    ['Raid Level', 'Raid Devices', 'Total Devices', 'Spare Devices'].map((key) => pair.get(key)),
  ).toEqual(['raid1', '2', '3', '1'])
  // Of the options.
  expect(pair.get('Version')).toBe('1.1')
  const four = await detail(machine, 'striped')
  expect(['Raid Level', 'Raid Devices', 'Chunk Size', 'Layout'].map((key) => four.get(key))).toEqual([
    'raid10',
    '4',
    '64K',
    'far=2',
  ])
  await expect(machine).toRun(['cryptsetup', 'status', 'secret'], { ...sudo, stdout: /type:\s+LUKS2/ })
  for (const { path } of filesystems) {
    await expect(machine).toHaveMount(path, { fstype: 'ext4' })
    await expect(machine).toHaveFile(`${path}/from-ignition`, { content: `on ${path}\n` })
  }
}

describe('ignition', { firstBoot: true, features: ['mdadm', 'luks'], tags: ['storage', 'system'] }, () => {
  test(
    'arrays-and-volumes',
    {
      description:
        'A mirror with a spare, level 10 with its layout, and an encrypted volume with a key that Ignition made up: all there after a reboot.',
      disks: [{ serial: 'many', sizeMiB: 400 }],
      timeoutMs: 180_000,
      ignition: {
        ignition: { version: '3.2.0' },
        storage: {
          disks: [
            {
              device,
              wipeTable: true,
              partitions: [...mirror, ...striped, secret].map((label, at) => ({
                number: at + 1,
                label,
                sizeMiB: 40,
              })),
            },
          ],
          raid: [
            {
              name: 'mirror',
              level: 'raid1',
              devices: mirror.map(part),
              spares: 1,
              options: ['--metadata=1.1'],
            },
            {
              name: 'striped',
              level: 'raid10',
              devices: striped.map(part),
              options: ['--layout=f2', '--chunk=64'],
            },
          ],
          luks: [
            {
              name: 'secret',
              device: part(secret),
              label: 'SBXSECRET',
              uuid,
              wipeVolume: true,
              options: ['--pbkdf', 'pbkdf2', '--pbkdf-force-iterations', '1234'],
            },
          ],
          filesystems,
          files: filesystems.map(({ path }) => ({
            path: `${path}/from-ignition`,
            contents: { source: dataUrl(`on ${path}\n`) },
          })),
        },
        systemd: { units: filesystems.map(({ device: what, path }) => mountUnit(what, path)) },
      },
    },
    async ({ machine }) => {
      await expectAll(machine)
      const header = await machine.run(['cryptsetup', 'luksDump', part(secret)], sudo)
      expect(header).toMatch(new RegExp(`^UUID:\\s+${uuid}$`, 'm'))
      expect(header).toMatch(/^Label:\s+SBXSECRET$/m)
      expect(header).toMatch(/^\s+PBKDF:\s+pbkdf2$/m)
      expect(header).toMatch(/^\s+Iterations:\s+1234$/m)
      // Only the key that was made up opens it, and only root may read that.
      await expect(machine).toRun(['stat', '-c', '%a %U', '/etc/luks/secret'], {
        ...sudo,
        stdout: /^[46]00 root$/,
      })
      expect((await machine.readFile('/etc/luks/secret')).length).toBeGreaterThan(1000)
      const open = ['cryptsetup', 'open', '--test-passphrase', part(secret), '--key-file']
      expect((await machine.exec([...open, '/etc/luks/secret'], sudo)).exitCode).toBe(0)
      expect((await machine.exec([...open, '/etc/hostname'], sudo)).exitCode).not.toBe(0)
      await machine.reboot()
      await expectAll(machine)
    },
  )
})
