// The layer of /etc that belongs to the user: Flatcar takes out of it what is no other than the image's.

import { describe, expect, test } from '../../harness/index.ts'

describe('files', { distros: ['flatcar'], tags: ['files'] }, () => {
  test(
    'overlay-cleanup',
    {
      description:
        'After a reboot copies that equal the image are gone from the upper layer, changes are kept, and what tmpfiles makes is there again.',
      aliases: ['cl.overlay.cleanup'],
      versions: '>=3530.0.0',
      timeoutMs: 120_000,
    },
    async ({ machine }) => {
      const sudo = { sudo: true } as const
      const upper = '/var/lib/overlays/etc/upper'
      await machine.run(
        'cp --preserve=all /etc/shells /etc/shells.new && mv /etc/shells.new /etc/shells',
        sudo,
      )
      await machine.run('echo "# of the user" >>/etc/inputrc && rm -f /etc/hosts', sudo)
      await expect(machine).toHaveFile(`${upper}/shells`)
      await machine.reboot()
      await expect(machine).not.toHaveFile(`${upper}/shells`, { timeoutMs: 1 })
      await expect(machine).toHaveFile('/etc/shells')
      await expect(machine).toHaveFile('/etc/inputrc', { containing: '# of the user' })
      await expect(machine).toHaveFile('/etc/hosts')
    },
  )
})
