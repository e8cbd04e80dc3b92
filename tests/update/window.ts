// When a machine with a staged version reboots into it: at once, or in its maintenance window. The clock is the test's.

import { describe, expect, test } from '../../harness/index.ts'

const sudo = { sudo: true } as const

describe('update', { firstBoot: true, firmwares: ['uefi', 'uefi-secure'], timeoutMs: 240_000 }, () => {
  test(
    'window',
    {
      description: 'A staged version waits for the maintenance window, and is booted in it without a person.',
      payloads: ['next'],
      distros: ['reference'],
    },
    async ({ machine, updateServer, payloads }) => {
      const { updates } = machine
      const next = payloads.get('next')
      const timer = 'systemd-sysupdate-reboot.timer'
      await updates.offer(updateServer, next)
      await updates.follow(updateServer.urls)
      // The window is at 4:10 (systemd-sysupdate-reboot.timer(8)); no random delay, and no clock but the test's.
      await machine.run(['mkdir', '-p', `/etc/systemd/system/${timer}.d`], sudo)
      await machine.writeFile(
        `/etc/systemd/system/${timer}.d/50-exact.conf`,
        '[Timer]\nRandomizedDelaySec=0\nAccuracySec=1s\n',
      )
      await machine.run('systemctl stop systemd-timesyncd && date --set "2031-05-05 03:00:00 UTC"', sudo)
      await machine.run(`systemctl daemon-reload && systemctl start ${timer}`, sudo)
      await updates.update()
      const before = await updates.booted()
      await test.step('outside of the window', async () => {
        const left = await machine.run(['systemctl', 'list-timers', '--output=json', timer])
        const [entry] = JSON.parse(left) as readonly { readonly next: number }[]
        expect(new Date((entry?.next ?? 0) / 1000).toISOString()).toBe('2031-05-05T04:10:00.000Z')
        expect(await updates.progress()).toEqual({ state: 'staged', version: next.version })
      })
      await test.step('in the window', async () => {
        await machine.reboot({
          by: async () => void (await machine.run('date --set "2031-05-05 04:09:58 UTC"', sudo)),
        })
        expect(await updates.booted()).toMatchObject({ version: next.version })
        expect((await updates.booted()).name).not.toBe(before.name)
      })
    },
  )

  test(
    'at-once',
    {
      description: 'A machine that reboots as soon as a version is staged is on it without a person.',
      // No lock is asked for, and there is no etcd to ask.
      aliases: ['coreos.locksmith.reboot'],
      payloads: ['next'],
      distros: ['reference'],
    },
    async ({ machine, updateServer, payloads }) => {
      const { updates } = machine
      const next = payloads.get('next')
      await updates.offer(updateServer, next)
      await updates.follow(updateServer.urls)
      await machine.run(['mkdir', '-p', '/etc/systemd/system/systemd-sysupdate.service.d'], sudo)
      await machine.writeFile(
        '/etc/systemd/system/systemd-sysupdate.service.d/50-at-once.conf',
        '[Unit]\nOnSuccess=systemd-sysupdate-reboot.service\n',
      )
      await machine.run(['systemctl', 'daemon-reload'], sudo)
      await machine.reboot({ by: async () => await updates.start() })
      expect(await updates.booted()).toMatchObject({ version: next.version })
    },
  )
})
