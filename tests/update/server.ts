// What a client makes of a server that fails it: nothing half done is ever booted, and the next try goes through.

import { createSigningKey, describe, expect, test } from '../../harness/index.ts'

const sudo = { sudo: true } as const

describe('update', { firstBoot: true, firmwares: ['uefi', 'uefi-secure'], timeoutMs: 180_000 }, () => {
  test(
    'hostile-server',
    {
      description:
        'Errors, dropped connections, wrong hashes, cut-off and changed files: nothing is staged, and a good answer still is.',
      payloads: ['next'],
      distros: ['reference'],
      expectedMessages: ['unit-failed'],
      leaveOutChecks: ['failed-units'],
    },
    async ({ machine, updateServer, payloads }) => {
      const { updates } = machine
      const next = payloads.get('next')
      const before = await updates.slots()
      await updates.offer(updateServer, next)
      await updates.follow(updateServer.urls)
      const faults = [
        { fault: { kind: 'status', status: 500 }, path: /SHA256SUMS$/ },
        { fault: { kind: 'status', status: 404 }, path: /\.efi$/ },
        { fault: { kind: 'drop', atByte: 300_000 }, path: /\.usr-verity\.raw$/ },
        { fault: { kind: 'corrupt' }, path: /\.usr-verity\.raw$/ },
        { fault: { kind: 'truncate', atByte: 500_000 }, path: /\.usr-verity\.raw$/ },
        { fault: { kind: 'wrong-hash' }, path: /SHA256SUMS$/ },
      ] as const
      for (const { fault, path } of faults) {
        await test.step(`${fault.kind} for ${path.source}`, async () => {
          using active = updateServer.misbehave(fault, { path })
          await expect(updates.update()).rejects.toThrow('could not update')
          expect(active.hits).toBeGreaterThan(0)
          expect((await updates.slots()).filter(({ state }) => state !== 'empty')).toEqual(
            before.filter(({ state }) => state !== 'empty'),
          )
        })
      }
      await test.step('a good answer', async () => {
        expect(await updates.update()).toEqual({ state: 'staged', version: next.version })
      })
    },
  )

  test(
    'signature',
    {
      description:
        'With a key in the image, a list of files that nobody or somebody else has signed is refused.',
      payloads: ['next'],
      distros: ['reference'],
      expectedMessages: ['unit-failed'],
      leaveOutChecks: ['failed-units'],
    },
    async ({ machine, updateServer, payloads }) => {
      const { updates } = machine
      const next = payloads.get('next')
      const key = await createSigningKey()
      await updates.follow(updateServer.urls, { signingKey: key.publicKeyring })
      await updates.offer(updateServer, next)
      await expect(updates.check()).rejects.toThrow('cannot look for updates')
      await updates.offer(updateServer, next, { signingKey: key.privateKey })
      {
        using _ = updateServer.misbehave({ kind: 'wrong-signature' })
        await expect(updates.check()).rejects.toThrow('cannot look for updates')
      }
      expect(await updates.check()).toBe(next.version)
      expect(await updates.update()).toEqual({ state: 'staged', version: next.version })
    },
  )

  test(
    'boot-partition-full',
    {
      description:
        'With no room for the boot files nothing is staged, and the machine reboots into what it had.',
      aliases: ['cl.update.payload-boot-part-too-small'],
      payloads: ['next'],
      distros: ['reference'],
      expectedMessages: ['unit-failed'],
      leaveOutChecks: ['failed-units'],
    },
    async ({ machine, updateServer, payloads }) => {
      const { updates } = machine
      const next = payloads.get('next')
      const before = await updates.booted()
      await updates.offer(updateServer, next)
      await updates.follow(updateServer.urls)
      await machine.exec(['dd', 'if=/dev/zero', 'of=/boot/filler', 'bs=1M'], sudo)
      await expect(updates.update({ timeoutMs: 60_000 })).rejects.toThrow('could not update')
      const log = ['journalctl', '--boot', '--output=cat', '--unit=systemd-sysupdate.service']
      expect(await machine.run(log, sudo)).toMatch(
        /saving as '\/boot\/EFI\/Linux\/[\s\S]*No space left on device/,
      )
      await machine.reboot()
      expect(await updates.booted()).toEqual(before)
      await machine.run(['rm', '/boot/filler'], sudo)
      expect(await updates.update()).toEqual({ state: 'staged', version: next.version })
    },
  )

  test(
    'downgrade-and-off',
    {
      description: 'An older version is not taken; a machine whose updates are off asks for none.',
      payloads: ['own', 'next'],
      distros: ['reference'],
    },
    async ({ machine, updateServer, payloads }) => {
      const { updates } = machine
      await updates.follow(updateServer.urls)
      await test.step('off: no request at all', async () => {
        // The harness masks the timer in every machine under test; it would come up with the others otherwise.
        const timer = 'systemd-sysupdate.timer'
        expect((await machine.exec(['systemctl', 'is-enabled', timer])).stdout.trim()).toBe('masked')
        const started = await machine.exec(['systemctl', 'start', timer], sudo)
        expect(started.exitCode).not.toBe(0)
        expect(updateServer.requests()).toEqual([])
      })
      await test.step('on: it asks by itself', async () => {
        await machine.run(['systemctl', 'unmask', 'systemd-sysupdate.timer'], sudo)
        await machine.run(['mkdir', '-p', '/etc/systemd/system/systemd-sysupdate.timer.d'], sudo)
        await machine.writeFile(
          '/etc/systemd/system/systemd-sysupdate.timer.d/50-now.conf',
          '[Timer]\nOnBootSec=\nOnUnitActiveSec=\nOnCalendar=\nRandomizedDelaySec=0\nOnActiveSec=1s\n',
        )
        await updates.offer(updateServer, payloads.get('next'))
        await machine.run('systemctl daemon-reload && systemctl start systemd-sysupdate.timer', sudo)
        await expect(updateServer).toHaveReceivedRequest({ path: /\.efi$/, timeoutMs: 60_000 })
        await expect
          .poll(async () => await updates.progress(), { timeoutMs: 60_000 * machine.slowness })
          .toEqual({ state: 'staged', version: payloads.get('next').version })
      })
      await test.step('downgrade', async () => {
        await machine.reboot()
        const running = await updates.booted()
        expect(running.version).toBe(payloads.get('next').version)
        await updates.offer(updateServer, payloads.get('own'))
        expect(await updates.check()).toBe(undefined)
        expect((await updates.update()).state).toBe('idle')
        expect((await updates.booted()).version).toBe(running.version)
      })
    },
  )
})
