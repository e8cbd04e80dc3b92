// etcd over TLS: members and clients show certificates of one authority, and nobody else is heard.

import { describe, expect, test } from '../../harness/index.ts'
import { createAuthority } from './certificates.ts'
import { etcdRequirements, initialCluster } from './members.ts'
import { ask, ENDPOINT, FOLDER, install, prepare, startMember } from './tls-member.ts'

const sudo = { sudo: true } as const

describe('etcd.tls', etcdRequirements, () => {
  test(
    'clients',
    {
      description:
        'A client with a certificate of the authority is served; without one, with a stranger’s, or without TLS it is not.',
    },
    async ({ machine }) => {
      const [authority, stranger] = [await createAuthority('ours'), await createAuthority('a stranger')]
      await prepare(machine, authority, initialCluster([machine], 'https'))
      await install(machine, 'client', await authority.issue('client'))
      await install(machine, 'stranger', await stranger.issue('client'))
      await startMember(machine)
      const etcdctl = ['etcdctl', `--endpoints=${ENDPOINT}`, `--cacert=${FOLDER}/authority.pem`]
      const shown = [`--cert=${FOLDER}/client.pem`, `--key=${FOLDER}/client.key`]
      expect(await machine.run([...etcdctl, ...shown, 'put', 'key', 'value'])).toBe('OK')
      expect(await ask(machine, 'client')).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining('"etcdserver"'),
      })
      // 56: TLS 1.3 tells the client only when it reads. 52: an empty answer to plain HTTP.
      expect(await ask(machine)).toMatchObject({
        exitCode: 56,
        stderr: expect.stringContaining('certificate required'),
      })
      expect(await ask(machine, 'stranger')).toMatchObject({ exitCode: 56, stdout: '' })
      expect((await ask(machine, 'client', 'http://127.0.0.1:2379')).exitCode).not.toBe(0)
    },
  )

  test(
    'wrong-name',
    { description: 'A client does not talk to a member whose certificate is for somebody else.' },
    async ({ machine }) => {
      const authority = await createAuthority('ours')
      await prepare(machine, authority, initialCluster([machine], 'https'))
      await install(machine, 'client', await authority.issue('client'))
      await install(machine, 'member', await authority.issue('m9', ['192.0.2.1']), 'etcd:')
      await startMember(machine)
      expect(await ask(machine, 'client')).toMatchObject({
        exitCode: 60,
        stderr: expect.stringContaining('127.0.0.1'),
      })
    },
  )

  test(
    'peers',
    {
      description:
        'Three members with certificates form a cluster; one with a stranger’s certificate is not let in before it has ours.',
      aliases: ['rhcos.etcd.cluster.tls'],
      machines: 3,
      privateNetwork: true,
      timeoutMs: 180_000,
    },
    async ({ cluster }) => {
      const { machines } = cluster
      const [first, second, third] = machines
      if (first === undefined || second === undefined || third === undefined)
        throw new Error('three machines were asked for')
      const [authority, stranger] = [await createAuthority('ours'), await createAuthority('a stranger')]
      const initial = initialCluster(machines, 'https')
      await Promise.all([first, second].map(async (machine) => await prepare(machine, authority, initial)))
      await prepare(third, stranger, initial)
      await third.run(['systemctl', 'start', '--no-block', 'etcd.service'], sudo)
      await Promise.all([first, second].map(startMember))
      await install(first, 'client', await authority.issue('client'))
      const members = [
        'etcdctl',
        `--endpoints=${ENDPOINT}`,
        `--cacert=${FOLDER}/authority.pem`,
        `--cert=${FOLDER}/client.pem`,
        `--key=${FOLDER}/client.key`,
        'member',
        'list',
      ]
      // While they have no leader they do not say who they are.
      const timeoutMs = 30_000
      await expect(first).toRun(members, { stdout: /unstarted|, ,/, timeoutMs })
      await expect
        .poll(async () => await first.run(['journalctl', '--unit=etcd', '--output=cat'], sudo), {
          timeoutMs: 30_000 * first.slowness,
        })
        .toContain('rejected connection')
      await prepare(third, authority, initial)
      await third.run(['systemctl', 'restart', 'etcd.service'], {
        ...sudo,
        timeoutMs: 120_000 * third.slowness,
      })
      await expect(first).toRun(members, { stdout: /^(?:.*, started, m.*\n?){3}$/, timeoutMs })
    },
  )
})
