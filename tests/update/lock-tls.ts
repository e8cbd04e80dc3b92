// The lock that machines reboot behind, in an etcd that hears only who shows a certificate.

import { expect, test } from '../../harness/index.ts'
import { createAuthority } from '../etcd/certificates.ts'
import { etcdRequirements, initialCluster } from '../etcd/members.ts'
import { ask, ENDPOINT, FOLDER, install, prepare, startMember } from '../etcd/tls-member.ts'
import { installLock, LOCK, lockStatus } from './lock.ts'

const sudo = { sudo: true } as const

test(
  'update.lock.tls',
  {
    ...etcdRequirements,
    description:
      'The lock is taken over TLS with a certificate, without which etcd does not listen, and given back when its unit is restarted.',
    aliases: ['coreos.locksmith.tls'],
    tags: ['etcd'],
    timeoutMs: 120_000,
  },
  async ({ machine }) => {
    const authority = await createAuthority('ours')
    await prepare(machine, authority, initialCluster([machine], 'https'))
    await install(machine, 'client', await authority.issue('client'))
    await startMember(machine)
    expect(await ask(machine, 'client')).toMatchObject({ exitCode: 0 })
    // 56: TLS 1.3 tells the client only when it reads.
    expect(await ask(machine)).toMatchObject({ exitCode: 56 })
    const tls = { ETCDCTL_ENDPOINTS: ENDPOINT, ETCDCTL_CACERT: `${FOLDER}/authority.pem` }
    await installLock(machine, { ttlSeconds: 3600, settings: tls })
    expect((await machine.exec([LOCK, 'status'], sudo)).exitCode).not.toBe(0)
    const shown = { ETCDCTL_CERT: `${FOLDER}/client.pem`, ETCDCTL_KEY: `${FOLDER}/client.key` }
    await installLock(machine, { ttlSeconds: 3600, settings: { ...tls, ...shown } })
    await machine.run([LOCK, 'take', '3600'], sudo)
    const id = await machine.run(['cat', '/etc/machine-id'])
    expect(await lockStatus(machine)).toEqual(['Available: 0', id])
    // As a boot does that is complete.
    await machine.run(['systemctl', 'restart', 'give-reboot-lock.service'], sudo)
    expect(await lockStatus(machine)).toEqual(['Available: 1'])
  },
)
