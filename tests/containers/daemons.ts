// What becomes of containers when docker and containerd go and come back.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { dataUrl } from '../ignition/data-url.ts'
import { BUSYBOX, importImage } from './image.ts'
import { configureDocker, dockerRequirements, engine, prepareDocker, startDocker } from './prepared.ts'

const sudo = { sudo: true } as const

const mainPid = async (machine: Machine, unit: string): Promise<string> =>
  await machine.run(['systemctl', 'show', '--property=MainPID', '--value', unit])

const state = async (machine: Machine, name: string): Promise<string> =>
  await engine(machine, 'docker')(['inspect', '--format={{.State.Status}} {{.State.Pid}}', name])

async function runSleeper(machine: Machine, name: string, ...options: readonly string[]): Promise<string> {
  await engine(
    machine,
    'docker',
  )(['run', '--detach', '--stop-signal=KILL', `--name=${name}`, ...options, BUSYBOX, 'sleep', '1000000'])
  return await state(machine, name)
}

describe('docker', dockerRequirements, () => {
  test(
    'restart-policies',
    {
      description:
        'After a restart of the daemon, and after a reboot, only what shall run then does; what was stopped by hand waits for it.',
      timeoutMs: 180_000,
    },
    async ({ machine }) => {
      await prepareDocker(machine)
      const docker = engine(machine, 'docker')
      await runSleeper(machine, 'no')
      await runSleeper(machine, 'always', '--restart=always')
      await runSleeper(machine, 'unless-stopped', '--restart=unless-stopped')
      await runSleeper(machine, 'stopped-always', '--restart=always')
      await runSleeper(machine, 'stopped', '--restart=unless-stopped')
      await docker(['stop', 'stopped', 'stopped-always'])
      await runSleeper(machine, 'on-failure', '--restart=on-failure')
      await startDocker(machine, 'restart')
      const running = async (): Promise<readonly string[]> =>
        (await docker(['ps', '--format={{.Names}}'])).split('\n').toSorted()
      await expect
        .poll(running, { timeoutMs: 30_000 * machine.slowness })
        .toEqual(['always', 'on-failure', 'stopped-always', 'unless-stopped'])
      expect(await state(machine, 'no')).toBe('exited 0')
      expect(await state(machine, 'stopped')).toBe('exited 0')
      await docker(['stop', 'always'])
      await machine.run(['systemctl', 'enable', 'docker.service'], sudo)
      await machine.reboot()
      await expect
        .poll(running, { timeoutMs: 60_000 * machine.slowness })
        .toEqual(['always', 'on-failure', 'stopped-always', 'unless-stopped'])
      expect(await state(machine, 'no')).toBe('exited 0')
      expect(await state(machine, 'stopped')).toBe('exited 0')
    },
  )

  test(
    'live-restore',
    {
      description:
        'With live-restore containers run on while the daemon is away, and are its own afterwards.',
    },
    async ({ machine }) => {
      await prepareDocker(machine)
      const docker = engine(machine, 'docker')
      await configureDocker(machine, { 'live-restore': true })
      await machine.run(['systemctl', 'reload', 'docker.service'], sudo)
      expect(await docker(['info', '--format={{.LiveRestoreEnabled}}'])).toBe('true')
      const before = await runSleeper(machine, 'box')
      const pid = before.replace('running ', '')
      await machine.run(['systemctl', 'stop', 'docker.socket', 'docker.service'], sudo)
      await expect(machine).toRun(['test', '-d', `/proc/${pid}`])
      await startDocker(machine)
      expect(await state(machine, 'box')).toBe(before)
      expect(await docker(['exec', 'box', 'echo', 'inside'])).toBe('inside')
    },
  )

  test(
    'containerd-restart',
    {
      description:
        'containerd comes back when it is ended or hung up; containers go on, can be entered, and new ones start.',
      aliases: ['docker.containerd-restart'],
      timeoutMs: 120_000,
    },
    async ({ machine }) => {
      await prepareDocker(machine)
      const docker = engine(machine, 'docker')
      const before = await runSleeper(machine, 'box')
      for (const signal of ['TERM', 'HUP', 'KILL']) {
        const old = await mainPid(machine, 'containerd.service')
        // Restart=always; docker itself notices and connects again.
        await machine.run(
          ['systemctl', 'kill', '--kill-whom=main', `--signal=${signal}`, 'containerd.service'],
          sudo,
        )
        await expect
          .poll(async () => await mainPid(machine, 'containerd.service'), {
            timeoutMs: 30_000 * machine.slowness,
          })
          .not.toMatch(new RegExp(`^(${old}|0)$`))
        await expect
          .poll(
            async () => (await machine.exec(['docker', 'run', '--rm', BUSYBOX, 'echo', 'new'], sudo)).stdout,
            {
              timeoutMs: 30_000 * machine.slowness,
            },
          )
          .toBe('new')
        expect(await state(machine, 'box')).toBe(before)
        expect(await docker(['exec', 'box', 'echo', 'inside'])).toBe('inside')
      }
    },
  )

  test(
    'enabled',
    {
      description:
        'docker is enabled by the config and configured by a file; its container is there again after a reboot.',
      aliases: ['docker.enable-service.sysext'],
      firstBoot: true,
      ignition: {
        ignition: { version: '3.0.0' },
        storage: {
          files: [
            {
              path: '/etc/docker/daemon.json',
              mode: 0o644,
              contents: {
                source: dataUrl(JSON.stringify({ bip: '10.99.0.1/24', 'log-driver': 'journald' })),
              },
            },
          ],
        },
        systemd: { units: [{ name: 'docker.service', enabled: true }] },
      },
    },
    async ({ machine }) => {
      await expect(machine).toHaveActiveUnit('docker.service')
      expect(await machine.run(['systemctl', 'is-enabled', 'docker.service'])).toBe('enabled')
      await importImage(machine, 'docker')
      const docker = engine(machine, 'docker')
      await docker([
        'run',
        '--detach',
        '--name=always',
        '--restart=always',
        BUSYBOX,
        'sh',
        '-c',
        'echo up; sleep 1000000',
      ])
      const address = '{{.NetworkSettings.Networks.bridge.IPAddress}}'
      expect(await docker(['inspect', `--format=${address}`, 'always'])).toMatch(/^10\.99\.0\./)
      const id = await docker(['inspect', '--format={{.Id}}', 'always'])
      await machine.reboot()
      await expect
        .poll(async () => await docker(['ps', '--no-trunc', '--quiet']), {
          timeoutMs: 60_000 * machine.slowness,
        })
        .toBe(id)
      const said = ['journalctl', '--boot', '--output=cat', 'CONTAINER_NAME=always']
      await expect(machine).toRun(said, { sudo: true, stdout: /^up$/m })
    },
  )
})
