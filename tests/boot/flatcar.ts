// What every Flatcar machine has after its boot: names of CoreOS that still hold, its services, an identity of its own, a key for its
// updates, microcode.

import { describe, expect, test } from '../../harness/index.ts'

const sudo = { sudo: true } as const

/** SHA-256 of the keys that Flatcar has had for its updates. */
const updateKeys = {
  developers: 'd410d94dc56a1cba8df71c94ea6925811e44b09416f66958ab7a453f0731d80e',
  first: 'b59a0fa528fec10d706e5d48030218199568769e385dcf473aa696763331a353',
  second: 'b6a8227f835a4a56988241eaeeda57a19ef5ff413c8533fd791827be2c15dd6c',
} as const

describe('boot.flatcar', { distros: ['flatcar'], firstBoot: true, exclusive: false }, () => {
  test(
    'old-names',
    {
      description: 'The folders and the installer of CoreOS are links to those of Flatcar beside them.',
      aliases: ['cl.basic'],
    },
    async ({ machine }) => {
      for (const [path, name] of [
        ['/etc/coreos', 'flatcar'],
        ['/usr/bin/coreos-install', 'flatcar-install'],
        ['/usr/lib/coreos', 'flatcar'],
        ['/usr/share/coreos', 'flatcar'],
      ] as const) {
        const target = await machine.run(['readlink', path])
        expect.soft(target.replace(/^\.\//, '')).toBe(name)
        const type = name === 'flatcar' ? 'directory' : 'file'
        await expect.soft(machine).toHaveFile(path.replace(/[^/]*$/, name), { type })
      }
    },
  )

  test(
    'services',
    {
      description: 'The update client runs, and so do sshd and docker for whoever comes.',
      aliases: ['cl.basic'],
    },
    async ({ machine }) => {
      for (const unit of ['multi-user.target', 'docker.socket', 'update-engine.service'])
        await expect.soft(machine).toHaveActiveUnit(unit)
      await expect(machine).toListenOn(22)
    },
  )

  test(
    'identity',
    {
      description: 'Machine and disk have ids of their own, and nobody writes to /usr.',
      aliases: ['cl.basic'],
    },
    async ({ machine }) => {
      await expect(machine).toHaveFile('/etc/machine-id', { containing: /^(?!0{32})[0-9a-f]{32}\n?$/ })
      const disk = await machine.run('lsblk --noheadings --output=PKNAME /dev/disk/by-partlabel/ROOT')
      const id = await machine.run(
        ['blkid', '-p', '-s', 'PTUUID', '-o', 'value', `/dev/${disk.trim()}`],
        sudo,
      )
      expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      // That of the image.
      expect(id).not.toBe('00000000-0000-0000-0000-000000000001')
      const options = await machine.run([
        'findmnt',
        '--noheadings',
        '--output=OPTIONS',
        '--mountpoint',
        '/usr',
      ])
      expect(options.split('\n').at(-1)).toMatch(/^ro,/)
    },
  )

  test(
    'update-key',
    {
      description: 'Updates are verified with a key of Flatcar’s.',
      aliases: ['cl.basic'],
    },
    async ({ machine }) => {
      const [sum] = (
        await machine.run(['sha256sum', '/usr/share/update_engine/update-payload-key.pub.pem'])
      ).split(' ')
      expect(Object.values(updateKeys)).toContain(sum)
    },
  )

  test(
    'microcode',
    {
      description: 'Microcode for the processors of AMD and of Intel is built into the kernel.',
      aliases: ['cl.basic'],
      architectures: ['x86_64'],
    },
    async ({ machine }) => {
      const firmware = await machine.run(['zgrep', '^CONFIG_EXTRA_FIRMWARE=', '/proc/config.gz'])
      // https://github.com/flatcar/Flatcar/issues/1909
      for (const vendor of ['amd-ucode/', 'intel-ucode/']) expect.soft(firmware).toContain(vendor)
    },
  )
})
