// containerd by itself, without docker over it.

import { expect, test } from '../../harness/index.ts'
import { BUSYBOX, importImage } from './image.ts'

const sudo = { sudo: true } as const

test(
  'docker.containerd-alone',
  {
    description:
      'containerd alone takes an image from an archive, runs and lists a container of it, and starts another when it was restarted.',
    distros: ['reference'],
    tags: ['containers'],
    features: ['containerd', 'podman'],
    timeoutMs: 120_000,
  },
  async ({ machine }) => {
    // The archive is podman's: docker would start containerd with itself.
    await importImage(machine)
    await machine.run(['podman', 'save', '--quiet', '--output=/tmp/image.tar', BUSYBOX], sudo)
    await machine.run(['systemctl', 'start', 'containerd.service'], sudo)
    const ctr = async (...args: readonly string[]): Promise<string> =>
      await machine.run(['ctr', ...args], sudo)
    await ctr('images', 'import', '/tmp/image.tar')
    const image = `${BUSYBOX}:latest`
    expect((await ctr('images', 'list', '--quiet')).split('\n')).toEqual([image])
    expect(await ctr('run', '--rm', image, 'first', 'echo', 'inside')).toBe('inside')
    await ctr('run', '--detach', image, 'box', 'sleep', '1000000')
    expect(await ctr('tasks', 'list')).toMatch(/^box +\d+ +RUNNING$/m)
    await expect(machine).toRun(['systemctl', 'is-active', 'docker.service'], {
      exitCode: 3,
      stdout: /^inactive$/,
    })
    await machine.run(['systemctl', 'restart', 'containerd.service'], sudo)
    expect(await ctr('tasks', 'list')).toMatch(/^box +\d+ +RUNNING$/m)
    expect(await ctr('tasks', 'exec', '--exec-id=look', 'box', 'echo', 'again')).toBe('again')
    expect(await ctr('run', '--rm', image, 'second', 'echo', 'new')).toBe('new')
  },
)
