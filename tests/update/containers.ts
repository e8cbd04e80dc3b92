// What containers have written is the user's: it is there after an update, and so is what was running.

import { describe, expect, test } from '../../harness/index.ts'
import { BUSYBOX, importImage } from '../containers/image.ts'

const sudo = { sudo: true } as const

describe('update', { firstBoot: true, firmwares: ['uefi', 'uefi-secure'], timeoutMs: 240_000 }, () => {
  test(
    'keeps-containers',
    {
      description:
        'An image, a named volume and a container that restarts always are there after an update, with their data.',
      payloads: ['next'],
      features: ['podman'],
      distros: ['reference'],
      primaryDiskMiB: 4096,
    },
    async ({ machine, updateServer, payloads }) => {
      const { updates } = machine
      const next = payloads.get('next')
      const podman = async (...args: readonly string[]): Promise<string> =>
        await machine.run(['podman', ...args], sudo)
      await importImage(machine)
      await podman('volume', 'create', 'kept')
      await podman(
        'run',
        '--rm',
        '--volume=kept:/kept',
        BUSYBOX,
        'sh',
        '-c',
        'echo of the container > /kept/file',
      )
      await podman('run', '--detach', '--name=always', '--restart=always', BUSYBOX, 'sleep', '1000000')
      const id = await podman('inspect', '--format={{.Id}} {{.Image}}', 'always')
      await machine.run(['systemctl', 'enable', 'podman-restart.service'], sudo)
      await updates.offer(updateServer, next)
      await updates.follow(updateServer.urls)
      await updates.update()
      await machine.reboot()
      expect(await updates.booted()).toMatchObject({ version: next.version })
      expect(await podman('run', '--rm', '--volume=kept:/kept', BUSYBOX, 'cat', '/kept/file')).toBe(
        'of the container',
      )
      expect(await podman('inspect', '--format={{.Id}} {{.Image}}', 'always')).toBe(id)
      await expect
        .poll(async () => await podman('ps', '--noheading', '--filter=name=always', '--format={{.State}}'), {
          timeoutMs: 30_000 * machine.slowness,
        })
        .toBe('running')
    },
  )
})
