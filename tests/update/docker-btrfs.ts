// Docker on btrfs survives the way to the next version and back: its driver is that of what it finds, not of a setting.

import { describe, expect, test, type Fixtures } from '../../harness/index.ts'
import { BUSYBOX, importImage } from '../containers/image.ts'
import { configureDocker } from '../containers/prepared.ts'

const sudo = { sudo: true } as const
const FILE = '/var/lib/docker.btrfs'

const mountUnit = `[Unit]
Before=docker.service
[Mount]
What=${FILE}
Where=/var/lib/docker
Type=btrfs
Options=loop,discard
[Install]
RequiredBy=docker.service
`

/** Docker's storage has a driver, an image and a running container in both versions. */
const survives =
  (named: boolean) =>
  async ({ machine, updateServer, payloads }: Fixtures): Promise<void> => {
    const { updates } = machine
    const next = payloads.get('next')
    const docker = async (...args: readonly string[]): Promise<string> =>
      await machine.run(['docker', ...args], { ...sudo, timeoutMs: 60_000 * machine.slowness })
    await machine.run(['systemctl', 'stop', 'docker.service', 'docker.socket'], sudo)
    await machine.run(`truncate --size=25G ${FILE} && mkfs.btrfs ${FILE} && mkdir -p /var/lib/docker`, sudo)
    await machine.writeFile('/etc/systemd/system/var-lib-docker.mount', mountUnit)
    if (named) await configureDocker(machine, { 'storage-driver': 'btrfs' })
    await machine.run('systemctl daemon-reload && systemctl enable var-lib-docker.mount docker.service', sudo)
    await machine.run(['systemctl', 'start', 'docker.service'], {
      ...sudo,
      timeoutMs: 120_000 * machine.slowness,
    })
    if (named) await machine.run(['rm', '/etc/docker/daemon.json'], sudo)
    await importImage(machine, 'docker')
    await docker('run', '--detach', '--name=always', '--restart=always', BUSYBOX, 'sleep', '1000000')
    const id = await docker('inspect', '--format={{.Id}} {{.Image}}', 'always')
    const expectDocker = async (): Promise<void> => {
      await expect(machine).toHaveMount('/var/lib/docker', { fstype: 'btrfs' })
      expect(await docker('info', '--format={{.Driver}}')).toBe('btrfs')
      expect(await docker('inspect', '--format={{.Id}} {{.Image}}', 'always')).toBe(id)
      expect(await docker('image', 'inspect', '--format={{.Id}}', BUSYBOX)).toBe(id.split(' ')[1])
      await expect
        .poll(async () => await docker('ps', '--filter=name=always', '--format={{.State}}'), {
          timeoutMs: 30_000 * machine.slowness,
        })
        .toBe('running')
      expect(await docker('exec', 'always', 'echo', 'alive')).toBe('alive')
    }
    await expectDocker()
    const old = await updates.booted()
    await updates.offer(updateServer, next)
    await updates.follow(updateServer.urls)
    await updates.update()
    await machine.reboot()
    await test.step('in the next version', async () => {
      await expect
        .poll(async () => await updates.booted(), { timeoutMs: 60_000 * machine.slowness })
        .toMatchObject({ version: next.version, state: 'good' })
      await expectDocker()
    })
    await updates.rollBack()
    await machine.reboot()
    await test.step('in the old one again', async () => {
      expect(await updates.booted()).toMatchObject({ name: old.name, version: old.version })
      await expectDocker()
    })
  }

describe('update', { tags: ['containers'], payloads: ['next'], firstBoot: true }, () => {
  test(
    'docker-btrfs',
    {
      description:
        'Docker that took btrfs by itself has its driver, image and container in the next version and back in the old one.',
      aliases: ['cl.update.docker-btrfs-compat'],
      distros: ['flatcar'],
      // Later ones do not take it by themselves.
      versions: '<3760.0.0',
      timeoutMs: 600_000,
    },
    survives(false),
  )

  test(
    'docker-on-btrfs',
    {
      description:
        'Docker that was once told to use btrfs has its driver, image and container in the next version and back in the old one.',
      aliases: ['cl.update.docker-btrfs-compat'],
      distros: ['reference'],
      features: ['docker', 'btrfs'],
      firmwares: ['uefi', 'uefi-secure'],
      primaryDiskMiB: 4096,
      timeoutMs: 300_000,
    },
    survives(true),
  )
})
