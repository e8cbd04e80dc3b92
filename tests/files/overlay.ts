// The layer of /etc that belongs to the user: Flatcar takes out of it what is no other than the image's.

import { describe, expect, test, type Machine } from '../../harness/index.ts'

const sudo = { sudo: true } as const
const IMAGE = '/usr/share/flatcar/etc'

/** Runs a script where /etc is the folder of the user's alone, as it lies on ROOT. */
const below = async (machine: Machine, script: string): Promise<string> =>
  await machine.run(['unshare', '--mount', 'sh', '-ec', `umount /etc; ${script}`], sudo)

/** Those of the paths that are there, in the user's layer. */
async function copiesOf(machine: Machine, ...paths: readonly string[]): Promise<readonly string[]> {
  const found = await below(
    machine,
    `for path in ${paths.join(' ')}; do if test -e $path || test -L $path; then echo $path; fi; done`,
  )
  return found === '' ? [] : found.split('\n')
}

describe('files', { distros: ['flatcar'] }, () => {
  test(
    'overlay-cleanup',
    {
      description:
        'What equals the image is in the upper layer of /etc neither after the first boot nor after a reboot; changes and removals are kept, and what tmpfiles makes is there again.',
      aliases: ['cl.overlay.cleanup'],
      versions: '>=3530.0.0',
      firstBoot: true,
      timeoutMs: 120_000,
    },
    async ({ machine }) => {
      const equal = ['/etc/hosts', '/etc/security', '/etc/profile.d', '/etc/shells', '/etc/os-release']
      expect(await copiesOf(machine, ...equal)).toEqual([])
      await test.step('changes of the user', async () => {
        // A folder that is empty now, a file and a folder that are gone, and a folder made anew with one file more.
        await machine.run('rm -r /etc/sssd && mkdir --mode=700 /etc/sssd', sudo)
        await machine.run('rm /etc/kexec.conf && rm -r /etc/wireguard', sudo)
        await machine.run(
          `rm -r /etc/bash && cp --archive ${IMAGE}/bash /etc/bash && touch /etc/bash/hello`,
          sudo,
        )
        await machine.run(['rm', '/etc/resolv.conf'], sudo)
      })
      await test.step('copies of what the image has', async () => {
        await below(
          machine,
          `cp --archive ${IMAGE}/hosts ${IMAGE}/shells ${IMAGE}/os-release /etc/; mkdir /etc/security /etc/profile.d`,
        )
        expect(await copiesOf(machine, ...equal)).toEqual(equal)
      })
      await machine.reboot()
      expect(await copiesOf(machine, ...equal, '/etc/resolv.conf')).toEqual([])
      for (const path of [...equal, '/etc/bash/hello', '/etc/bash/bashrc'])
        await expect.soft(machine).toHaveFile(path)
      for (const path of ['/etc/sssd/sssd.conf', '/etc/kexec.conf', '/etc/wireguard'])
        await expect.soft(machine).not.toHaveFile(path, { timeoutMs: 1 })
      await expect(machine).toHaveFile('/etc/sssd', { type: 'directory', mode: 0o700 })
      await expect(machine).toHaveFile('/etc/resolv.conf', { type: 'link' })
    },
  )
})
