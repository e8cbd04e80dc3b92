// System extensions that others publish: fetched over the Internet, merged, and used.

import { describe, expect, test } from '../../harness/index.ts'

const sudo = { sudo: true } as const

describe(
  'extensions.published',
  { distros: ['flatcar'], surroundings: ['internet'], tags: ['internet'], timeoutMs: 600_000 },
  () => {
    test(
      'zfs',
      {
        description:
          'The ZFS extension of this version is fetched; a pool on an extra disk is there after a reboot.',
        aliases: ['sysext.zfs.reboot'],
        versions: '>=3902.0.0',
        firmwares: ['direct', 'bios', 'uefi'],
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
        await expect(machine).toHaveMount('/sbx', { fstype: 'zfs' })
        await expect(machine).toRun(['zfs', 'list', '-H', '-o', 'name'], { ...sudo, stdout: /^sbx$/m })
        await machine.run('echo kept >/sbx/file', sudo)
        await machine.reboot()
        await expect(machine).toRun(['lsmod'], { stdout: /^zfs /m })
        await expect(machine).toHaveFile('/sbx/file', { content: 'kept\n' })
        await expect(machine).toRun(['zpool', 'status', '-x'], { ...sudo, stdout: /healthy/ })
      },
    )

    for (const [use, alias] of [
      ['docker', 'sysext.zfs.docker'],
      ['nfs', 'sysext.zfs.nfs'],
    ] as const) {
      test(
        `zfs-${use}`,
        {
          description:
            use === 'docker'
              ? 'Docker keeps its images in a pool of ZFS, by its own driver for that.'
              : 'A filesystem of ZFS is exported and mounted by another machine with NFS 4.',
          aliases: [alias],
          versions: '>=3902.0.0',
          firmwares: ['direct', 'bios', 'uefi'],
          firstBoot: true,
          machines: use === 'docker' ? 1 : 2,
          privateNetwork: use === 'nfs',
          disks: [{ serial: 'data', sizeMiB: 1024 }],
          ignition: {
            ignition: { version: '3.3.0' },
            storage: {
              files: [{ path: '/etc/flatcar/enabled-sysext.conf', contents: { source: 'data:,zfs%0A' } }],
            },
          },
        },
        async ({ machine, cluster }) => {
          const disk = '/dev/disk/by-id/virtio-data'
          if (use === 'docker') {
            await machine.run(['systemctl', 'stop', 'docker.service', 'docker.socket'], sudo)
            await machine.run(['zpool', 'create', '-m', '/var/lib/docker', 'sbx', disk], sudo)
            await machine.writeFile('/etc/docker/daemon.json', '{"storage-driver": "zfs"}\n')
            await machine.run(['systemctl', 'start', 'docker.service'], sudo)
            await expect(machine).toRun(['docker', 'info', '--format={{.Driver}}'], {
              ...sudo,
              stdout: /^zfs$/,
            })
            const run = ['docker', 'run', '--rm', 'ghcr.io/flatcar/busybox', 'mount']
            await expect(machine).toRun(run, { ...sudo, stdout: / on \/ type zfs /, timeoutMs: 120_000 })
            return
          }
          const [, client] = cluster.machines
          if (client === undefined) throw new Error('two machines were asked for')
          await machine.run(['zpool', 'create', 'sbx', disk], sudo)
          await machine.run('zfs set sharenfs=on sbx && echo shared >/sbx/file && chmod 644 /sbx/file', sudo)
          await machine.run('systemctl start nfs-server.service && zfs share -a', sudo)
          const source = `${machine.privateAddress?.ipv4}:/sbx`
          await client.run(['mount', '-t', 'nfs', '-o', 'vers=4', source, '/mnt'], {
            ...sudo,
            timeoutMs: 120_000,
          })
          await expect(client).toHaveFile('/mnt/file', { content: 'shared\n' })
        },
      )
    }
  },
)
