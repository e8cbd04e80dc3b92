// Docker on btrfs, which versions before 3760 could be set up with: it survives the way to the next version and back.

import { describe, expect, test } from '../../harness/index.ts'
import { BUSYBOX, importImage } from '../containers/image.ts'

const sudo = { sudo: true } as const

describe('update', { distros: ['flatcar'], tags: ['update', 'containers'], timeoutMs: 600_000 }, () => {
  test(
    'docker-btrfs',
    {
      description: 'Docker whose storage is btrfs has its driver, image and container in both versions.',
      aliases: ['cl.update.docker-btrfs-compat'],
      versions: '<3760.0.0',
      payloads: ['next'],
      firstBoot: true,
    },
    async ({ machine, updateServer, payloads }) => {
      const image = '/var/lib/docker.btrfs'
      await machine.run(['systemctl', 'stop', 'docker.service', 'docker.socket'], sudo)
      await machine.run(
        `truncate --size=2G ${image} && mkfs.btrfs ${image} && mkdir -p /var/lib/docker`,
        sudo,
      )
      const unit = `[Mount]\nWhat=${image}\nWhere=/var/lib/docker\nType=btrfs\nOptions=loop\n[Install]\nRequiredBy=docker.service\n`
      await machine.writeFile('/etc/systemd/system/var-lib-docker.mount', unit)
      await machine.run('systemctl daemon-reload && systemctl enable --now var-lib-docker.mount', sudo)
      await machine.run(['systemctl', 'enable', '--now', 'docker.service'], sudo)
      await importImage(machine, 'docker')
      await machine.run(['docker', 'create', '--name=sbx', BUSYBOX, 'true'], sudo)
      const expectDocker = async (): Promise<void> => {
        await expect(machine).toRun(['docker', 'info', '--format={{.Driver}}'], {
          ...sudo,
          stdout: /^btrfs$/,
          timeoutMs: 15_000,
        })
        await expect(machine).toRun(['docker', 'ps', '--all', '--format={{.Names}}'], {
          ...sudo,
          stdout: /^sbx$/m,
        })
        await expect(machine).toRun(['docker', 'image', 'inspect', BUSYBOX], sudo)
      }
      await expectDocker()
      const before = await machine.updates.booted()
      await machine.updates.offer(updateServer, payloads.get('next'))
      await machine.updates.follow(updateServer.urls)
      await machine.updates.update()
      await machine.reboot()
      expect((await machine.updates.booted()).name).not.toBe(before.name)
      await expectDocker()
    },
  )
})
