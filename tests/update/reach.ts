// A version can be left and another one reached; what the user has stays, what the version brings follows it.

import { describe, expect, test, type Machine } from '../../harness/index.ts'

const versionOf = async (machine: Machine): Promise<string> =>
  await machine.run('. /usr/lib/os-release; echo "$VERSION_ID"')

describe(
  'update',
  { firstBoot: true, firmwares: ['uefi', 'uefi-secure'], tags: ['update'], timeoutMs: 120_000 },
  () => {
    test(
      'reach',
      {
        description:
          'The next version is offered, downloaded, written, booted, found healthy and marked good; and left again.',
        aliases: ['cl.update.payload', 'cl.update.reboot'],
        payloads: ['next'],
      },
      async ({ machine, updateServer, payloads }) => {
        const { updates } = machine
        const next = payloads.get('next')
        const from = await versionOf(machine)
        await test.step('offer', async () => {
          await updates.offer(updateServer, next)
          await updates.follow(updateServer.urls)
          expect(await updates.check()).toBe(next.version)
        })
        await test.step('download and write', async () => {
          expect(await updates.update()).toEqual({ state: 'staged', version: next.version })
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
            .poll(async () => (await updates.booted()).state, { timeoutMs: 30_000 * machine.slowness })
            .toBe('good')
          const [a, b] = await updates.slots()
          expect([a.booted, b.booted]).toEqual(before.name === 'A' ? [false, true] : [true, false])
          const left = before.name === 'A' ? a : b
          expect(left).toMatchObject({ version: from, state: 'good' })
        })
        await expect(updateServer).toHaveReceivedEvent({
          type: 'update-complete',
          result: 'success-reboot',
          previousVersion: from,
        })
        expect(await updates.check()).toBe(undefined)
        await test.step('roll back', async () => {
          await updates.rollBack()
          await machine.reboot()
          expect(await updates.booted()).toMatchObject({ name: before.name, version: from })
        })
      },
    )
  },
)
