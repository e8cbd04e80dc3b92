// System extensions that others publish: fetched over the Internet, merged, and used.

import { describe, expect, test } from '../../harness/index.ts'
import { merged } from './extension.ts'

const sudo = { sudo: true } as const

describe(
  'extensions.published',
  { distros: ['flatcar'], surroundings: ['internet'], tags: ['extensions', 'internet'], timeoutMs: 600_000 },
  () => {
    test(
      'docker',
      {
        description:
          "Docker's own release as an extension of the sysext-bakery takes the place of the image's.",
        aliases: ['sysext.custom-docker.sysext'],
        versions: '>=3761.0.0',
        firstBoot: true,
        ignition: {
          ignition: { version: '3.3.0' },
          storage: {
            files: [
              {
                path: '/etc/extensions/docker-custom.raw',
                contents: {
                  source: 'https://extensions.flatcar.org/extensions/docker-28.0.4-x86-64.raw',
                },
              },
            ],
            links: [
              { path: '/etc/extensions/docker-flatcar.raw', target: '/dev/null', overwrite: true },
              { path: '/etc/extensions/containerd-flatcar.raw', target: '/dev/null', overwrite: true },
            ],
          },
        },
        architectures: ['x86_64'],
      },
      async ({ machine }) => {
        expect(await merged(machine)).toContain('docker-custom')
        await machine.run(['systemctl', 'start', 'docker.service'], sudo)
        await expect(machine).toRun(['docker', 'version', '--format', '{{.Server.Version}}'], {
          ...sudo,
          stdout: /^28\.0\.4$/,
        })
      },
    )

    test(
      'zfs',
      {
        description:
          'The ZFS extension of this version is fetched; a pool on an extra disk is there after a reboot.',
        aliases: ['sysext.zfs.reboot'],
        versions: '>=3902.0.0',
        firstBoot: true,
        disks: [{ serial: 'data', sizeMiB: 1024 }],
        ignition: {
          ignition: { version: '3.3.0' },
          storage: {
            files: [{ path: '/etc/flatcar/enabled-sysext.conf', contents: { source: 'data:,zfs%0A' } }],
          },
        },
      },
      async ({ machine }) => {
        await machine.run(['zpool', 'create', 'sbx', '/dev/disk/by-id/virtio-data'], sudo)
        await machine.run('echo kept >/sbx/file', sudo)
        await machine.reboot()
        await expect(machine).toHaveFile('/sbx/file', { content: 'kept\n' })
        await expect(machine).toRun(['zpool', 'status', '-x'], { ...sudo, stdout: /healthy/ })
      },
    )
  },
)
