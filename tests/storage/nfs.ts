// NFS between two machines: files of the one on the other, over an outage too.

import { describe, expect, test } from '../../harness/index.ts'

const sudo = { sudo: true } as const

describe(
  'storage.nfs',
  { features: ['nfs'], machines: 2, privateNetwork: true, tags: ['storage', 'system'], timeoutMs: 120_000 },
  () => {
    for (const [version, alias] of [
      ['3', 'linux.nfs.v3'],
      ['4.2', 'linux.nfs.v4'],
    ] as const) {
      test(
        `v${version.replace(/\..*/, '')}`,
        {
          description: `What one machine exports the other mounts with NFS ${version}; both see what either writes, and root stays out.`,
          aliases: [alias],
        },
        async ({ cluster }) => {
          const [server, client] = cluster.machines
          if (server === undefined || client === undefined) throw new Error('two machines were asked for')
          await server.run(
            'mkdir -p /srv/share && chmod 1777 /srv/share && echo "of the server" >/srv/share/file',
            sudo,
          )
          await server.writeFile(
            '/etc/exports',
            `/srv/share ${client.privateAddress?.ipv4}(rw,sync,no_subtree_check)\n`,
          )
          await server.run(['systemctl', 'start', 'nfs-server.service'], sudo)
          await expect(server).toListenOn(2049, { timeoutMs: 8000 })
          const at = server.privateAddress?.ipv4 ?? ''
          if (version === '3') await client.run(['systemctl', 'start', 'rpc-statd.service'], sudo)
          await client.run('mkdir -p /mnt/share', sudo)
          await client.run(
            ['mount', '-t', 'nfs', '-o', `vers=${version}`, `${at}:/srv/share`, '/mnt/share'],
            {
              ...sudo,
              timeoutMs: 60_000 * client.slowness,
            },
          )
          await expect(client).toHaveMount('/mnt/share', {
            fstype: version === '3' ? 'nfs' : 'nfs4',
            options: [`vers=${version}`],
          })
          await expect(client).toHaveFile('/mnt/share/file', { content: 'of the server\n' })
          await client.run('echo "of the client" >/mnt/share/back')
          await expect(server).toHaveFile('/srv/share/back', {
            content: 'of the client\n',
            owner: 'core:core',
          })
          await client.run('touch /mnt/share/of-root', sudo)
          await expect(server).toHaveFile('/srv/share/of-root', { owner: 'nobody:nogroup' })
          await test.step('an outage', async () => {
            cluster.network.cut(server.name)
            const write = client.run('echo late >/mnt/share/late && sync -f /mnt/share/late', {
              timeoutMs: 120_000 * client.slowness,
            })
            // As long as a ping waits for its answer.
            const ping = await client.exec(['ping', '-n', '-c1', '-W5', at], sudo)
            expect(ping.exitCode).toBe(1)
            await expect(server).not.toHaveFile('/srv/share/late')
            cluster.network.heal()
            await write
            await expect(server).toHaveFile('/srv/share/late', { content: 'late\n' })
          })
        },
      )
    }

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
