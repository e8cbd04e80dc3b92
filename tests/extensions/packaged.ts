// A real program as an extension: Debian's podman, on an image that has none.

import { readFile } from 'node:fs/promises'
import { describe, expect, test } from '../../harness/index.ts'
import { BUSYBOX, importImage } from '../containers/image.ts'
import { merged } from './extension.ts'

const sudo = { sudo: true } as const

describe('extensions', { tags: ['containers', 'system'], distros: ['reference'] }, () => {
  test(
    'podman',
    {
      description:
        'podman comes with an extension, with what it has in /etc: containers run, also after a reboot; masked, it is gone.',
      payloads: ['podman-extension'],
      memoryMiB: 1024,
      timeoutMs: 240_000,
    },
    async ({ machine, payloads }) => {
      const [extension] = payloads.get('podman-extension').files
      await expect(machine).not.toRun('command -v podman')
      await machine.writeFile('/opt/podman.raw', await readFile(extension?.path ?? ''))
      await machine.run(['mkdir', '-p', '/etc/extensions'], sudo)
      await machine.run(['ln', '-s', '/opt/podman.raw', '/etc/extensions/podman.raw'], sudo)
      await machine.run(['systemctl', 'enable', '--now', 'systemd-sysext.service'], sudo)
      await machine.run(['systemd-tmpfiles', '--create', '--prefix=/etc/containers'], sudo)
      const inside = ['podman', 'run', '--rm', BUSYBOX, 'echo', 'inside']
      await test.step('its containers run, with its units and its network', async () => {
        expect(await merged(machine)).toEqual(['podman'])
        await importImage(machine)
        await expect(machine).toRun(inside, { ...sudo, stdout: /^inside$/ })
        await machine.run(['systemctl', 'start', 'podman.socket'], sudo)
        await expect(machine).toRun(['podman', '--remote', 'info', '--format={{.Host.OCIRuntime.Name}}'], {
          ...sudo,
          stdout: /^crun$/,
        })
      })
      await test.step('in the next boot it is there from the start, and what it has in /etc comes by itself', async () => {
        await machine.run(['rm', '-r', '/etc/containers'], sudo)
        await machine.reboot()
        await expect(machine).toHaveFile('/etc/containers/policy.json')
        expect(await merged(machine)).toEqual(['podman'])
        await expect(machine).toRun(inside, { ...sudo, stdout: /^inside$/ })
        await expect(machine).toRun(['systemctl', 'is-system-running'], { stdout: /^running$/ })
      })
      await test.step('masked, it is not merged', async () => {
        await machine.run(['ln', '-sf', '/dev/null', '/etc/extensions/podman.raw'], sudo)
        await machine.run(['systemctl', 'restart', 'systemd-sysext.service'], sudo)
        expect(await merged(machine)).toEqual([])
        await expect(machine).not.toRun('command -v podman')
      })
    },
  )
})
