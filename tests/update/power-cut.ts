// The plug is pulled in every phase of an update. Whatever was half done, the machine boots, and the update can be done.

import { describe, expect, test } from '../../harness/index.ts'

const blessing = 'systemd-bless-boot.service'
const sudo = { sudo: true } as const

describe('update', { firstBoot: true, firmwares: ['uefi', 'uefi-secure'], timeoutMs: 300_000 }, () => {
  test(
    'power-cut',
    {
      description:
        'Power cuts while a version is written, when it is staged, in its first boot, and before it is marked good.',
      payloads: ['next'],
      distros: ['reference'],
      // More cuts than a version has tries.
      ignition: {
        ignition: { version: '3.3.0' },
        storage: {
          files: [
            {
              path: '/etc/sysupdate.d/30-uki.transfer.d/60-tries.conf',
              mode: 0o644,
              contents: { source: `data:,${encodeURIComponent('[Target]\nTriesLeft=5\n')}` },
            },
          ],
        },
      },
    },
    async ({ machine, updateServer, payloads }) => {
      const { updates } = machine
      const next = payloads.get('next')
      const old = await updates.booted()
      const other = async (): ReturnType<typeof updates.booted> => {
        const [a, b] = await updates.slots()
        return a.booted ? b : a
      }
      const cut = async (): Promise<void> => {
        await machine.power('cut')
        await machine.power('on')
      }
      await updates.offer(updateServer, next)
      await updates.follow(updateServer.urls)

      await test.step('while it is written', async () => {
        const halfway = 40_000_000
        using _ = updateServer.misbehave({ kind: 'stall', atByte: halfway }, { path: /\.usr\.raw$/ })
        await updates.start()
        // The server has sent what it will send; it lies in the slot, or on its way there. The client still waits for more.
        await expect
          .poll(
            () =>
              updateServer
                .requests()
                .some(
                  ({ path, bytes, state }) =>
                    path.endsWith('.usr.raw') && bytes >= halfway && state === 'open',
                ),
            {
              timeoutMs: 60_000 * machine.slowness,
            },
          )
          .toBe(true)
        await cut()
        expect(await updates.booted()).toMatchObject({
          name: old.name,
          version: old.version,
          state: 'good',
        })
        expect((await other()).state).toBe('empty')
      })

      await test.step('when it is staged', async () => {
        expect(await updates.update()).toEqual({ state: 'staged', version: next.version })
        await machine.run(['systemctl', 'mask', blessing], sudo)
        await cut()
        expect(await updates.booted()).toMatchObject({
          version: next.version,
          state: 'trying',
          triesLeft: 4,
        })
      })

      await test.step('in its first boot', async () => {
        const seen = machine.console.lines().length
        await machine.exec(['systemctl', 'reboot', '--force'], sudo)
        await expect
          .poll(() => machine.console.lines().slice(seen).join('\n'), {
            timeoutMs: 60_000 * machine.slowness,
          })
          .toContain('BdsDxe: starting')
        // Its first journal comes in the middle of the boot, long after the loader has counted.
        const before = machine.journal.lines().length
        await expect
          .poll(() => machine.journal.lines().length, { timeoutMs: 60_000 * machine.slowness })
          .toBeGreaterThan(before)
        await cut()
        // Each power-on took one of its tries.
        expect(await updates.booted()).toMatchObject({
          version: next.version,
          state: 'trying',
          triesLeft: 2,
        })
      })

      await test.step('before it is marked good', async () => {
        await cut()
        expect(await updates.booted()).toMatchObject({
          version: next.version,
          state: 'trying',
          triesLeft: 1,
        })
        await machine.run(['systemctl', 'unmask', blessing], sudo)
        await updates.markGood()
        await cut()
        expect(await updates.booted()).toMatchObject({ version: next.version, state: 'good' })
        expect(await other()).toMatchObject({ version: old.version, state: 'good' })
      })
    },
  )
})
