// Containers as services: what starts them, and what brings them back.

import { describe, expect, test } from '../../harness/index.ts'
import { BUSYBOX, importImage } from './image.ts'
import { engine, podmanRequirements } from './prepared.ts'

const sudo = { sudo: true } as const

const quadlet = `[Unit]
Description=A container as a service
[Container]
Image=${BUSYBOX}
ContainerName=quadlet
Exec=sleep 1000000
Volume=quadlet.volume:/data
[Service]
Restart=always
RestartSec=100ms
`

describe('podman', podmanRequirements, () => {
  test(
    'quadlet',
    {
      description:
        'A container file becomes a service of systemd, which brings the container back when it dies.',
    },
    async ({ machine }) => {
      await importImage(machine)
      const podman = engine(machine, 'podman')
      await machine.writeFile('/etc/containers/systemd/quadlet.container', quadlet)
      await machine.writeFile('/etc/containers/systemd/quadlet.volume', '[Volume]\n')
      await machine.run(['systemctl', 'daemon-reload'], sudo)
      await machine.run(['systemctl', 'start', 'quadlet.service'], sudo)
      await podman(['exec', 'quadlet', 'sh', '-c', 'echo kept > /data/file'])
      const id = await podman(['inspect', '--format={{.Id}}', 'quadlet'])
      await podman(['kill', 'quadlet'])
      await expect
        .poll(
          async () =>
            (await machine.exec(['podman', 'inspect', '--format={{.Id}} {{.State.Status}}', 'quadlet'], sudo))
              .stdout,
          { timeoutMs: 30_000 * machine.slowness },
        )
        .toMatch(new RegExp(`^(?!${id})\\w+ running$`))
      expect(await podman(['exec', 'quadlet', 'cat', '/data/file'])).toBe('kept')
      await expect(machine).toHaveActiveUnit('quadlet.service')
    },
  )

  test(
    'restart-policy',
    { description: 'on-failure restarts what failed, as often as it says, and leaves what ended well.' },
    async ({ machine }) => {
      await importImage(machine)
      const podman = engine(machine, 'podman')
      const run = async (name: string, policy: string, command: string): Promise<void> =>
        void (await podman([
          'run',
          '--detach',
          `--name=${name}`,
          `--restart=${policy}`,
          BUSYBOX,
          'sh',
          '-c',
          command,
        ]))
      await run('fails', 'on-failure:2', 'exit 3')
      await run('ends', 'on-failure:2', 'exit 0')
      const state = async (name: string): Promise<string> =>
        await podman(['inspect', '--format={{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}', name])
      await expect
        .poll(async () => await state('fails'), { timeoutMs: 30_000 * machine.slowness })
        .toBe('exited 3 2')
      expect(await state('ends')).toBe('exited 0 0')
    },
  )

  test(
    'health',
    { description: 'A container whose health check fails is unhealthy, and healthy again when it holds.' },
    async ({ machine }) => {
      await importImage(machine)
      const podman = engine(machine, 'podman')
      const check = ['--health-cmd=test -e /tmp/well', '--health-interval=disable', '--health-retries=1']
      await podman(['run', '--detach', '--name=patient', ...check, BUSYBOX, 'sleep', '1000000'])
      const health = async (): Promise<string> =>
        await podman(['inspect', '--format={{.State.Health.Status}}', 'patient'])
      await expect(machine).toRun(['podman', 'healthcheck', 'run', 'patient'], { ...sudo, exitCode: 1 })
      expect(await health()).toBe('unhealthy')
      await podman(['exec', 'patient', 'touch', '/tmp/well'])
      await expect(machine).toRun(['podman', 'healthcheck', 'run', 'patient'], sudo)
      expect(await health()).toBe('healthy')
    },
  )
})
