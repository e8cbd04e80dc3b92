// The promise of an image-based OS: a version that does not come up is left again by itself, within its tries. Each of these
// versions is valid in all that is declared of it; only a boot tells.

import { describe, expect, test, type PayloadDefect } from '../../harness/index.ts'

interface Broken {
  readonly defect: PayloadDefect
  readonly description: string
  readonly aliases?: readonly string[]
  /** One more reboot shows that the version is never tried again. */
  readonly rebootsAgain?: true
  /** What its boots say on the console, on purpose. */
  readonly expectedMessages: readonly string[]
}

const broken: readonly Broken[] = [
  {
    defect: 'corrupt-usr',
    description: 'Blocks of the new /usr are not what its hash tree says: every try panics.',
    aliases: ['cl.update.badverity'],
    expectedMessages: [
      'verity-corruption',
      'kernel-panic',
      'block-io-error',
      'initrd-emergency',
      'emergency-shell',
    ],
  },
  {
    defect: 'wrong-root-hash',
    description: 'The boot files of the new version ask for a /usr that no hash tree proves.',
    expectedMessages: [
      'verity-corruption',
      'kernel-panic',
      'block-io-error',
      'initrd-emergency',
      'emergency-shell',
      'unit-failed',
      'dependency-failed',
    ],
  },
  {
    defect: 'empty-usr',
    description: 'The new /usr is a valid, empty filesystem: its initrd gives up.',
    aliases: ['coreos.update.badusr'],
    expectedMessages: [
      'initrd-emergency',
      'emergency-shell',
      'kernel-panic',
      'unit-failed',
      'dependency-failed',
    ],
  },
  {
    defect: 'kernel-panic',
    description: 'The new kernel finds no initrd and panics.',
    rebootsAgain: true,
    expectedMessages: ['kernel-panic'],
  },
  {
    defect: 'never-complete',
    description: 'The boot of the new version hangs before it is complete, until its deadline.',
    expectedMessages: [],
  },
  {
    defect: 'unhealthy',
    description: 'The new version comes up and fails its health check.',
    expectedMessages: ['unit-failed', 'dependency-failed'],
  },
]

/** Far less than the image's 15 minutes: what hangs here hangs for good. Only a boot on trial is given up. */
const deadline = '[Timer]\nOnBootSec=\nOnBootSec=150s\n'
const deadlineFolder = '/etc/systemd/system/reference-boot-deadline.timer.d'

describe('update.broken', { firstBoot: true, firmwares: ['uefi', 'uefi-secure'], timeoutMs: 240_000 }, () => {
  for (const { defect, description, aliases, rebootsAgain, expectedMessages } of broken) {
    test(
      defect,
      {
        description: `${description} The old version comes back, and the server is told.`,
        ...(aliases === undefined ? {} : { aliases }),
        payloads: [defect],
        distros: ['reference'],
        onPanic: 'reboot',
        expectedMessages,
      },
      async ({ machine, updateServer, payloads }) => {
        const { updates } = machine
        const payload = payloads.get(defect)
        const from = await updates.booted()
        if (defect === 'never-complete') {
          await machine.run(['mkdir', '-p', deadlineFolder], { sudo: true })
          await machine.writeFile(`${deadlineFolder}/50-test.conf`, deadline)
        }
        await updates.offer(updateServer, payload)
        await updates.follow(updateServer.urls)
        expect(await updates.update()).toEqual({ state: 'staged', version: payload.version })
        const staged = (await updates.slots()).find((slot) => !slot.booted)
        expect(staged).toMatchObject({ version: payload.version, state: 'trying', triesLeft: 3 })
        // The boots of the new version come to nothing in between; what answers is the old one.
        await test.step('three tries and the way back', async () =>
          await machine.reboot({ timeoutMs: 200_000, mayTakeSeveralBoots: true }))
        const after = await updates.booted()
        expect(after).toMatchObject({ name: from.name, version: from.version, state: 'good' })
        const failed = (await updates.slots()).find((slot) => !slot.booted)
        expect(failed).toMatchObject({ version: payload.version, state: 'bad', triesLeft: 0 })
        await expect(updateServer).toHaveReceivedEvent({
          type: 'update-complete',
          result: 'error',
          previousVersion: from.version ?? '',
        })
        if (rebootsAgain !== true) return
        await test.step('the old version stays', async () => {
          await machine.reboot()
          expect((await updates.booted()).name).toBe(from.name)
        })
      },
    )
  }
})
