// A version can be left and another one reached; what the user has stays, what the version brings follows it.

import { describe, expect, test, type Machine } from '../../harness/index.ts'

const versionOf = async (machine: Machine): Promise<string> =>
  await machine.run('. /usr/lib/os-release; echo "$VERSION_ID"')

describe('update', { firstBoot: true, firmwares: ['uefi', 'uefi-secure'], timeoutMs: 600_000 }, () => {
  test(
    'reach',
    {
      description:
        'The next version is offered, downloaded, written, booted, found healthy and marked good; and left again. On Flatcar it is then written over the old one, too.',
      aliases: ['cl.update.payload', 'cl.update.reboot'],
      payloads: ['next'],
    },
    async ({ machine, updateServer, payloads }) => {
      const { updates } = machine
      const next = payloads.get('next')
      const from = await versionOf(machine)
      const isFlatcar = updates.program === 'update_engine'
      const patience = { timeoutMs: 240_000 }
      if (isFlatcar) {
        // It would reboot by itself as soon as a version is staged.
        const unit = 'locksmithd.service'
        await machine.run(`systemctl mask --now ${unit} && systemctl reset-failed ${unit}`, { sudo: true })
      }
      await test.step('offer', async () => {
        await updates.offer(updateServer, next)
        await updates.follow(updateServer.urls)
        // update_engine answers before it has asked: that one is looked at again.
        await expect
          .poll(async () => await updates.check(), {
            timeoutMs: (isFlatcar ? 60_000 : 1) * machine.slowness,
          })
          .toBe(next.version)
      })
      await test.step('download and write', async () => {
        expect(await updates.update(patience)).toEqual({ state: 'staged', version: next.version })
      })
      const before = await updates.booted()
      expect(before.version).toBe(from)
      await test.step('reboot', async () => await machine.reboot())
      await test.step('health', async () => {
        expect(await versionOf(machine)).toBe(next.version)
        expect(await machine.run(['systemctl', 'is-system-running', '--wait'])).toBe('running')
      })
      await test.step('good', async () => {
        await expect
          // update_engine waits 45 s from its start on.
          .poll(async () => (await updates.booted()).state, { timeoutMs: 90_000 * machine.slowness })
          .toBe('good')
        const [a, b] = await updates.slots()
        expect([a.booted, b.booted]).toEqual(before.name === 'A' ? [false, true] : [true, false])
        const left = before.name === 'A' ? a : b
        // Of a slot that is not booted Flatcar does not say the version.
        expect(left).toMatchObject({ ...(isFlatcar ? {} : { version: from }), state: 'good' })
      })
      await expect(updateServer).toHaveReceivedEvent({
        type: 'update-complete',
        result: 'success-reboot',
        previousVersion: from,
      })
      expect(await updates.check()).toBe(undefined)
      let back = before
      if (isFlatcar) {
        back = await updates.booted()
        await test.step('over the old one, of which nothing is left to boot from', async () => {
          await machine.run(['wipefs', '--all', `/dev/disk/by-partlabel/USR-${before.name}`], {
            sudo: true,
          })
          // The client of the new version is told anew: a key that was put over its own went with the reboot.
          await updates.follow(updateServer.urls)
          await updates.offer(updateServer, next, { downgrade: true })
          expect(await updates.update(patience)).toEqual({ state: 'staged', version: next.version })
          await machine.reboot()
          expect(await updates.booted()).toMatchObject({ name: before.name, version: next.version })
        })
      }
      await test.step('roll back', async () => {
        await updates.rollBack()
        await machine.reboot()
        expect(await updates.booted()).toMatchObject({ name: back.name, version: back.version })
      })
    },
  )
})
