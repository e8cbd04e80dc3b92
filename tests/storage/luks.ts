// Encrypted disks: nothing to be read without the key, and opened by systemd with a key file.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { mountNew, plugDisks, plugging } from './disks.ts'

const sudo = { sudo: true } as const
// A key of its own kind costs what it should; under emulation minutes.
const cheap = ['--pbkdf=pbkdf2', '--pbkdf-force-iterations=1000']

async function encrypt(machine: Machine): Promise<string> {
  const [disk = ''] = await plugDisks(machine, ['secret'], 64)
  await machine.run(
    'mkdir -p /etc/sbx && head -c 64 /dev/urandom >/etc/sbx/key && chmod 400 /etc/sbx/key',
    sudo,
  )
  await machine.run(['cryptsetup', 'luksFormat', '--batch-mode', ...cheap, disk, '/etc/sbx/key'], sudo)
  return disk
}

describe('storage.luks', { ...plugging, tags: ['system'], timeoutMs: 120_000 }, () => {
  test(
    'key',
    {
      description:
        'Only the right key opens an encrypted disk, and what was written is nowhere on it in the clear.',
    },
    async ({ machine }) => {
      const disk = await encrypt(machine)
      const open = ['cryptsetup', 'open', disk, 'sbx-secret', '--key-file']
      await machine.writeFile('/run/sbx-wrong', 'not the key')
      const wrong = await machine.exec([...open, '/run/sbx-wrong'], sudo)
      expect(wrong.exitCode).toBe(2)
      expect(wrong.stderr).toContain('No key available')
      await machine.run([...open, '/etc/sbx/key'], sudo)
      await mountNew(machine, '/dev/mapper/sbx-secret', 'ext4', '/mnt/secret')
      // In two parts: the command itself must not be found.
      await machine.run('echo in-the"-"clear >/mnt/secret/file && sync', sudo)
      const count = async (path: string): Promise<string> =>
        await machine.run(['sh', '-c', `grep -c -a in-the[-]clear ${path} || true`], sudo)
      expect(await count('/dev/mapper/sbx-secret')).toBe('1')
      expect(await count(disk)).toBe('0')
    },
  )

  test(
    'key-changed',
    {
      description:
        'A second key is added and the first one taken away; only the second one opens the disk then.',
    },
    async ({ machine }) => {
      const disk = await encrypt(machine)
      const tries = async (key: string): Promise<number | null> =>
        (await machine.exec(['cryptsetup', 'open', '--test-passphrase', disk, '--key-file', key], sudo))
          .exitCode
      await machine.writeFile('/etc/sbx/second', 'another key')
      expect([await tries('/etc/sbx/key'), await tries('/etc/sbx/second')]).toEqual([0, 2])
      await machine.run(
        ['cryptsetup', 'luksAddKey', ...cheap, '--key-file=/etc/sbx/key', disk, '/etc/sbx/second'],
        sudo,
      )
      expect([await tries('/etc/sbx/key'), await tries('/etc/sbx/second')]).toEqual([0, 0])
      await machine.run(['cryptsetup', 'luksRemoveKey', disk, '/etc/sbx/key'], sudo)
      expect([await tries('/etc/sbx/key'), await tries('/etc/sbx/second')]).toEqual([2, 0])
    },
  )

  test(
    'crypttab',
    {
      description:
        'A disk of /etc/crypttab is opened by systemd for the mount that needs it, with its key file.',
      features: ['luks'],
    },
    async ({ machine }) => {
      const disk = await encrypt(machine)
      await machine.run(['cryptsetup', 'open', disk, 'sbx-secret', '--key-file', '/etc/sbx/key'], sudo)
      await mountNew(machine, '/dev/mapper/sbx-secret', 'ext4', '/mnt/secret')
      await machine.run(
        'echo kept >/mnt/secret/file && umount /mnt/secret && cryptsetup close sbx-secret',
        sudo,
      )
      await machine.run(`echo "sbx-secret ${disk} /etc/sbx/key luks" >>/etc/crypttab`, sudo)
      await machine.run('echo "/dev/mapper/sbx-secret /mnt/secret ext4 noauto 0 0" >>/etc/fstab', sudo)
      await machine.run(['systemctl', 'daemon-reload'], sudo)
      await machine.run(['systemctl', 'start', 'mnt-secret.mount'], sudo)
      await expect(machine).toHaveActiveUnit('systemd-cryptsetup@sbx\\x2dsecret.service')
      await expect(machine).toHaveFile('/mnt/secret/file', { content: 'kept\n' })
    },
  )
})
