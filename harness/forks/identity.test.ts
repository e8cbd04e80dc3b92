// The identity table, row by row: what it says is done is done, by the real bash in a fake root.

import { spawnSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openAgent } from '../agent/agent.ts'
import { scriptedPort } from '../agent/scripted-agent.test.fixture.ts'
import { makeFakeRoot, type FakeRoot } from './fake-root.test.fixture.ts'
import { DAD, hostKeyOf, identityFunctions, identityTable, type NewIdentity } from './identity.ts'
import { newIdentity, renew } from './renew.ts'

let root: FakeRoot
beforeEach(() => {
  root = makeFakeRoot(mkdtempSync(join(tmpdir(), 'identity-')))
})
afterEach(() => rmSync(root.folder, { recursive: true }))

const parses = (code: string): string =>
  spawnSync('/bin/bash', ['-n'], { input: code, encoding: 'utf8' }).stderr

describe('the table', () => {
  test.each(identityTable.map((row) => [row.what, row] as const))(
    '%s: says why, and acts accordingly',
    (_, row) => {
      const actions = [row.refuse, row.settle, row.unsettle, row.renew, row.finish].filter(
        (action) => action !== undefined,
      )
      expect(row.why.length).toBeGreaterThan(20)
      expect(actions.length > 0).toBe(row.rule === 'differs')
      for (const action of actions) expect(parses(action)).toBe('')
    },
  )

  test('names each thing once', () => {
    const names = identityTable.map(({ what }) => what)
    expect(new Set(names).size).toBe(names.length)
  })

  test('makes functions that bash can read, and defines them all', () => {
    expect(parses(identityFunctions())).toBe('')
    expect(root.run(`${identityFunctions()}\ncompgen -A function`).split('\n').toSorted()).toEqual(
      expect.arrayContaining(['finish', 'nap', 'refusal', 'renew', 'settle', 'unsettle']),
    )
  })
})

/** The line with which the harness has a clone renewed. */
async function renewalOf(identity: NewIdentity): Promise<string> {
  const port = scriptedPort(() => ({ output: identity.machineId }))
  using agent = openAgent(port)
  await renew({ agent, identity, timeoutMs: 1000, signal: new AbortController().signal })
  return port.requests[0]?.code ?? ''
}

/** A machine's way from the template's settling to the end of its renewal as a clone. */
async function live(identity: NewIdentity, before = ''): Promise<string> {
  return root.run(
    [
      before,
      identityFunctions(),
      'o=; settle; printf "%s\\0" "$o"',
      `o=; ${await renewalOf(identity)}; printf "%s\\0" "$o"`,
      'o=; finish; printf "%s\\0" "$o"',
    ].join('\n'),
  )
}

const heard = (): readonly string[] => (root.read('/run/log-of-programs') ?? '').split('\n')

describe('a clone', () => {
  test('answers with its new machine id, and has it everywhere', async () => {
    root.write('/var/lib/dbus/machine-id', 'an old one\n')
    const identity = await newIdentity('m0', [])
    expect(identity.machineId).toMatch(/^[0-9a-f]{32}$/)
    expect(await live(identity)).toBe(`\0${identity.machineId}\0\0`)
    expect(root.read('/etc/machine-id')).toBe(`${identity.machineId}\n`)
    expect(root.read('/var/lib/dbus/machine-id')).toBe(`${identity.machineId}\n`)
  })

  test('leaves a machine id of D-Bus that is a link or is not there', async () => {
    root.write('/var/lib/dbus/other', '')
    symlinkSync('/etc/machine-id', join(root.folder, 'var/lib/dbus/machine-id'))
    await live(await newIdentity('m0', []))
    expect(lstatSync(join(root.folder, 'var/lib/dbus/machine-id')).isSymbolicLink()).toBe(true)
  })

  test('has its clock set to now', async () => {
    const before = Date.now() / 1000 - 0.001
    await live(await newIdentity('m0', []))
    const [, time] = /^date -s @(\d+\.\d{3})$/m.exec(heard().join('\n')) ?? []
    expect(Number(time)).toBeGreaterThanOrEqual(before)
    expect(Number(time)).toBeLessThanOrEqual(Date.now() / 1000)
  })

  test('has its calendar timers stopped, and started after the clock was set; the others run on', async () => {
    root.write('/var/lib/systemd/timers/stamp-daily.timer', '')
    const stamp = join(root.folder, 'var/lib/systemd/timers/stamp-daily.timer')
    utimesSync(stamp, 1000, 1000)
    await live(await newIdentity('m0', []), 'calendar=left-over.timer')
    const told = heard().filter((line) => /stop|start|date/.test(line))
    expect(told).toEqual([
      'systemctl stop daily.timer weekly.timer',
      expect.stringMatching(/^date -s/),
      'systemctl start daily.timer weekly.timer',
    ])
    // Else it would have fired at once for the time in between.
    expect(Date.now() - statSync(stamp).mtimeMs).toBeLessThan(60_000)
  })

  test('that is none after all has them started again', () => {
    root.run(`${identityFunctions()}\nsettle; unsettle`)
    expect(heard().filter((line) => /stop|start/.test(line))).toEqual([
      'systemctl stop daily.timer weekly.timer',
      'systemctl start daily.timer weekly.timer',
    ])
    expect(root.read('/etc/machine-id')).toBe(`${'a'.repeat(32)}\n`)
    expect(root.read('/dev/kmsg')).toBe('')
  })

  test('without calendar timers none is stopped or started', async () => {
    await live(await newIdentity('m0', []), 'systemctl() { echo "systemctl $*" >>/run/log-of-programs; }')
    expect(heard().filter((line) => line.startsWith('systemctl'))).toEqual([
      expect.stringContaining('list-units --type=timer'),
    ])
    expect(root.read('/var/lib/systemd/timers/stamp-*')).toBeUndefined()
  })

  test('has new randomness, and the seed on disk is gone', async () => {
    root.write('/var/lib/systemd/random-seed', 'seed')
    const identity = await newIdentity('m0', [])
    await live(identity)
    expect(root.read('/dev/urandom')).toBe(identity.entropy)
    expect(identity.entropy).toMatch(/^[0-9a-f]{64}$/)
    expect(root.read('/var/lib/systemd/random-seed')).toBeUndefined()
  })

  test('has its own host name, unless a config has set one', async () => {
    const identity = await newIdentity('m3', [])
    await live(identity)
    expect(root.read('/proc-hostname')).toBe(identity.hostName)
    expect(identity.hostName).toBe(`m3-${identity.machineId.slice(0, 8)}`)
    root.write('/proc-hostname', 'template\n')
    root.write('/etc/hostname', 'db.example\n')
    await live(identity)
    expect(root.read('/proc-hostname')).toBe('template\n')
  })

  test('has host keys of its own for the types that the template has', async () => {
    for (const type of ['ed25519', 'ecdsa', 'rsa']) {
      root.write(`/etc/ssh/ssh_host_${type}_key`, 'old')
      root.write(`/etc/ssh/ssh_host_${type}_key.pub`, 'old')
    }
    const identity = await newIdentity('m0', ['ed25519', 'ecdsa'])
    await live(identity)
    for (const type of ['ed25519', 'ecdsa']) {
      const key = identity.hostKeys.get(type)
      expect(root.read(`/etc/ssh/ssh_host_${type}_key`)).toBe(key?.privateKey)
      expect(root.read(`/etc/ssh/ssh_host_${type}_key.pub`)).toBe(`${key?.publicKey}\n`)
      const { stdout } = spawnSync(
        'ssh-keygen',
        ['-y', '-f', join(root.folder, `etc/ssh/ssh_host_${type}_key`)],
        {
          encoding: 'utf8',
        },
      )
      expect(stdout.trim().split(' ').slice(0, 2)).toEqual(key?.publicKey.split(' ').slice(0, 2))
    }
    expect(root.read('/etc/ssh/ssh_host_rsa_key')).toBe('old')
    expect(lstatSync(join(root.folder, 'etc/ssh/ssh_host_ecdsa_key')).mode & 0o777).toBe(0o600)
  })

  test.each(['', 'ssh_host_odd-name_key', 'moduli'])(
    'does not mind a folder of host keys with %j',
    async (name) => {
      root.write(`/etc/ssh/${name || '.keep'}`, 'as it is')
      const identity = await newIdentity('m0', ['ed25519'])
      expect(await live(identity)).toBe(`\0${identity.machineId}\0\0`)
      expect(root.read(`/etc/ssh/${name || '.keep'}`)).toBe('as it is')
    },
  )

  test('has sshd read its keys before it is dialled', async () => {
    root.write('/etc/ssh/ssh_host_ed25519_key', 'old')
    const sshd = [
      'sshd() { trap \'cat /etc/ssh/ssh_host_ed25519_key >/run/read-by-sshd; echo "$BASHPID" >/run/sshd.pid\' HUP',
      'echo "$BASHPID" >/run/sshd.pid; while sleep 0.02; do :; done; }',
      'sshd & until test -s /run/sshd.pid; do sleep 0.01; done',
    ].join('\n')
    const identity = await newIdentity('m0', ['ed25519'])
    await live(identity, sshd)
    expect(root.read('/run/read-by-sshd')).toBe(identity.hostKeys.get('ed25519')?.privateKey)
    expect(root.read('/run/sshd.pid')).not.toBe('')
  })

  test('has all of it written to the disk, without waiting for that', async () => {
    root.run(
      [identityFunctions(), 'settle', await renewalOf(await newIdentity('m0', [])), 'finish; wait'].join(
        '\n',
      ),
    )
    const synced = heard().find((line) => line.startsWith('sync /'))
    expect(synced).toMatch(/^sync \/etc\/machine-id \/etc\/ssh\/ssh_host_\S+$/)
  })

  test('finds its journal under its new id, and a line where it begins', async () => {
    const template = 'a'.repeat(32)
    root.write(`/var/log/journal/${template}/system.journal`, 'entries')
    const identity = await newIdentity('m0', [])
    await live(identity)
    expect(readlinkSync(join(root.folder, 'var/log/journal', identity.machineId))).toBe(template)
    expect(root.read(`/var/log/journal/${identity.machineId}/system.journal`)).toBe('entries')
    expect(root.read('/run/log')).toBeUndefined()
    expect(root.read('/dev/kmsg')).toMatch(new RegExp(`^<6>signalbox: .*${identity.machineId}`))
  })

  describe('that joins a private network', () => {
    // Of this very host.
    const place = { ipv4: '127.0.0.1', ipv6: '::1', domain: 'cluster.internal' }
    const path = '/etc/systemd/network/10-private.network'
    const joining = async (ipv4 = place.ipv4, ipv6 = place.ipv6): Promise<NewIdentity> => ({
      ...(await newIdentity('m0', [])),
      privatePlace: { ...place, ipv4, ipv6, file: { path, text: "[Match]\nMACAddress=it's\n" } },
    })
    const finish = async (identity: NewIdentity, before: string): Promise<string> =>
      root.run(
        [
          identityFunctions(),
          'settle',
          await renewalOf(identity),
          'wait',
          // Nobody has to be waited for here.
          `nap() { ${before}; }`,
          'o=; finish; printf "%s|%s" "$?" "$o"',
        ].join('\n'),
      )

    test('has the file of its place, and networkd reads it', async () => {
      expect(await finish(await joining(), ':')).toBe('0|')
      expect(root.read(path)).toBe("[Match]\nMACAddress=it's\n")
      expect(statSync(join(root.folder, path)).mode & 0o777).toBe(0o644)
      expect(heard()).toContain('networkctl reload')
    })

    test.each([
      ['127.0.0.2', '::1'],
      ['127.0.0', '::1'],
      ['127.0.0.1', '::2'],
    ])('has not come up without %s and %s', async (ipv4, ipv6) => {
      expect(await finish(await joining(ipv4, ipv6), ':')).toBe(
        `1|${ipv4} did not come up on its private network`,
      )
      // What comes after it in the table was not done.
      expect(root.read('/var/log/journal')).toBeUndefined()
    })

    test('waits until the resolver knows of it', async () => {
      const resolver = '/run/systemd/resolve/stub-resolv.conf'
      root.write(resolver, 'search .\n')
      const tell = `test -e /run/napped && echo "search cluster.internal" >${resolver}; : >/run/napped`
      expect(await finish(await joining(), tell)).toBe('0|')
      expect(root.read(resolver)).toBe('search cluster.internal\n')
    })

    test('does not ask whether its IPv6 address is taken, and asks as before afterwards', async () => {
      const during = `read -r asked <${DAD}`
      expect(
        root.run(
          [
            identityFunctions(),
            'settle',
            during,
            await renewalOf(await joining()),
            'wait',
            'nap() { :; }',
            'finish',
          ]
            .concat(`read -r after <${DAD}; printf "%s|%s" "$asked" "$after"`)
            .join('\n'),
        ),
      ).toBe(existsSync(DAD) ? '0|1' : '|')
      expect(root.run(`${identityFunctions()}\nsettle; unsettle; cat ${DAD}`)).toBe('1\n')
    })

    test('is told nothing of it where it joins none', async () => {
      await live(await newIdentity('m0', []))
      expect(root.read('/etc/systemd/network')).toBeUndefined()
      expect(heard().join('\n')).not.toContain('networkctl')
    })
  })

  test('differs from every other clone', async () => {
    const [a, b] = [await newIdentity('m0', ['ed25519']), await newIdentity('m0', ['ed25519'])]
    for (const key of ['entropy', 'hostName', 'machineId'] as const) expect(a[key]).not.toBe(b[key])
    expect(hostKeyOf(a)).not.toBe(hostKeyOf(b))
  })
})

describe('a machine that must not be forked', () => {
  test.each([
    ['/var/lib/etcd/member/snap/db', 'an etcd member (/var/lib/etcd/member)'],
    ['/var/lib/etcd/node1/member/wal', 'an etcd member (/var/lib/etcd/node1/member)'],
    ['/var/lib/etcd-main/default.etcd/x', 'an etcd member (/var/lib/etcd-main/default.etcd)'],
    ['/var/lib/docker/engine-id', 'a Docker engine (/var/lib/docker/engine-id)'],
    [
      '/var/lib/containerd/io.containerd.grpc.v1.introspection/uuid',
      'a containerd (/var/lib/containerd/io.containerd.grpc.v1.introspection/uuid)',
    ],
    [
      '/var/lib/kubelet/pki/kubelet-client-current.pem',
      'a Kubernetes node (/var/lib/kubelet/pki/kubelet-client-current.pem)',
    ],
  ])('is one with %s', (path, reason) => {
    root.write(path, 'x')
    expect(root.run(`${identityFunctions()}\no=; refusal; printf %s "$o"`)).toBe(` ${reason}`)
  })

  test('is not one that merely could be', () => {
    root.write('/var/lib/docker/containers/x', '')
    root.write('/var/lib/kubelet/config.yaml', '')
    root.write('/etc/kubernetes/manifests/x', '')
    expect(root.run(`${identityFunctions()}\no=; refusal; printf %s "$o"`)).toBe('')
  })
})
