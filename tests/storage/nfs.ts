// NFS between two machines: files of the one on the other, over an outage too.

import { describe, expect, test, type Cluster, type Machine } from '../../harness/index.ts'
import { dataUrl } from '../ignition/data-url.ts'

const sudo = { sudo: true } as const

const serverConfig = {
  ignition: { version: '3.0.0' },
  storage: {
    files: [
      {
        path: '/etc/exports',
        overwrite: true,
        contents: { source: dataUrl('/srv/share 10.77.0.0/24(rw,sync,no_subtree_check)\n') },
      },
    ],
    directories: [{ path: '/srv/share', mode: 0o777 }],
  },
  systemd: { units: [{ name: 'nfs-server.service', enabled: true }] },
}

/** Mounts at boot. No boot waits for the private network, so the mount waits until the server answers. */
const clientConfig = (server: string): Readonly<Record<string, unknown>> => ({
  ignition: { version: '3.0.0' },
  systemd: {
    units: [
      {
        name: 'sbx-reached.service',
        contents: `[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'until ping -n -c1 -W1 ${server}; do sleep 1; done'\n`,
      },
      {
        name: 'mnt-share.mount',
        enabled: true,
        contents: `[Unit]\nRequires=sbx-reached.service\nAfter=sbx-reached.service\n\n[Mount]\nWhat=${server}:/srv/share\nWhere=/mnt/share\nType=nfs\nOptions=vers=4.2\n\n[Install]\nWantedBy=multi-user.target\n`,
      },
    ],
  },
})

/** Both see what either writes, root stays out, and an outage of the network only delays. */
async function expectShared(cluster: Cluster, server: Machine, client: Machine): Promise<void> {
  await server.run('echo "of the server" >/srv/share/file', sudo)
  await expect(client).toHaveFile('/mnt/share/file', { content: 'of the server\n' })
  await client.run('echo "of the client" >/mnt/share/back')
  await expect(server).toHaveFile('/srv/share/back', { content: 'of the client\n', owner: 'core:core' })
  await client.run('touch /mnt/share/of-root', sudo)
  await expect(server).toHaveFile('/srv/share/of-root', { owner: 'nobody:nogroup' })
  await test.step('an outage', async () => {
    cluster.network.cut(server.name)
    const write = client.run('echo late >/mnt/share/late && sync -f /mnt/share/late', {
      timeoutMs: 120_000 * client.slowness,
    })
    // As long as a ping waits for its answer.
    const at = server.privateAddress?.ipv4 ?? ''
    const ping = await client.exec(['ping', '-n', '-c1', '-W5', at], sudo)
    expect(ping.exitCode).toBe(1)
    await expect(server).not.toHaveFile('/srv/share/late')
    cluster.network.heal()
    await write
    await expect(server).toHaveFile('/srv/share/late', { content: 'late\n' })
  })
}

describe(
  'storage.nfs',
  { features: ['nfs'], machines: 2, privateNetwork: true, tags: ['system'], timeoutMs: 120_000 },
  () => {
    test(
      'v3',
      {
        description:
          'What one machine exports the other mounts with NFS 3; both see what either writes, and root stays out.',
        aliases: ['linux.nfs.v3'],
      },
      async ({ cluster }) => {
        const [server, client] = cluster.machines
        if (server === undefined || client === undefined) throw new Error('two machines were asked for')
        await server.run('mkdir -p /srv/share && chmod 1777 /srv/share', sudo)
        const exports_ = `/srv/share ${client.privateAddress?.ipv4}(rw,sync,no_subtree_check)\n`
        await server.writeFile('/etc/exports', exports_)
        await server.run(['systemctl', 'start', 'nfs-server.service'], sudo)
        await expect(server).toListenOn(2049, { timeoutMs: 8000 })
        await client.run(['systemctl', 'start', 'rpc-statd.service'], sudo)
        await client.run('mkdir -p /mnt/share', sudo)
        const source = `${server.privateAddress?.ipv4}:/srv/share`
        await client.run(['mount', '-t', 'nfs', '-o', 'vers=3', source, '/mnt/share'], {
          ...sudo,
          timeoutMs: 60_000 * client.slowness,
        })
        await expect(client).toHaveMount('/mnt/share', { fstype: 'nfs', options: ['vers=3'] })
        await expectShared(cluster, server, client)
      },
    )

    test(
      'v4',
      {
        description:
          'Ignition makes one machine an NFS server, and the other mounts from it at boot with NFS 4.2, by a unit.',
        aliases: ['linux.nfs.v4'],
        machines: 1,
        ignition: serverConfig,
      },
      async ({ cluster, machine: server }) => {
        await expect(server).toHaveActiveUnit('nfs-server.service', { timeoutMs: 20_000 })
        await expect(server).toListenOn(2049, { timeoutMs: 8000 })
        const client = await cluster.boot({
          ignition: clientConfig(server.privateAddress?.ipv4 ?? ''),
        })
        await expect(client).toHaveActiveUnit('mnt-share.mount', { timeoutMs: 30_000 })
        await expect(client).toHaveMount('/mnt/share', { fstype: 'nfs4', options: ['vers=4.2'] })
        await expectShared(cluster, server, client)
      },
    )

    test(
      'refused',
      { description: 'Who is not in the list of an export cannot mount it.' },
      async ({ cluster }) => {
        const [server, client] = cluster.machines
        if (server === undefined || client === undefined) throw new Error('two machines were asked for')
        await server.run('mkdir -p /srv/share', sudo)
        await server.writeFile('/etc/exports', '/srv/share 10.77.0.200(rw,sync,no_subtree_check)\n')
        await server.run(['systemctl', 'start', 'nfs-server.service'], sudo)
        await expect(server).toListenOn(2049, { timeoutMs: 8000 })
        const source = `${server.privateAddress?.ipv4}:/srv/share`
        const mount = await client.exec(['mount', '-t', 'nfs', '-o', 'vers=4.2,retry=0', source, '/mnt'], {
          ...sudo,
          timeoutMs: 60_000 * client.slowness,
        })
        expect(mount.exitCode).toBe(32)
        expect(mount.stderr).toMatch(/denied|not permitted|No such file/)
      },
    )
  },
)
