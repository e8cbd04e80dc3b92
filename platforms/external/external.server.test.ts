// The external platform beyond the contract: jump hosts, passwords, what is left by a killed run, what must not be shown.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { afterAll, describe, expect, test } from 'vitest'
import type { EventBody } from '../../harness/events.ts'
import type { OpenOptions, PlatformSession } from '../../harness/machine.ts'
import { externalPlatform } from './index.ts'
import { readExternal } from './settings.ts'
import { openSite } from './site.test.fixture.ts'
import { checkLogin, openTunnel } from './tunnel.ts'

const root = mkdtempSync(join(tmpdir(), 'external-'))
process.env['SIGNALBOX_RUNTIME'] = join(root, 'run')
process.env['SIGNALBOX_CACHE'] = join(root, 'cache')
const site = await openSite()
afterAll(async () => {
  await site[Symbol.asyncDispose]()
  rmSync(root, { recursive: true })
})
const { signal } = new AbortController()
const events: EventBody[] = []

function optionsWith(
  settings: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): OpenOptions {
  return {
    image: {
      identity: {
        digest: 'sha256:',
        distro: 'reference',
        version: '1',
        channel: 'stable',
        architecture: 'x86_64',
      },
      firmwares: ['uefi'],
    },
    emit: (event) => events.push(event),
    signal,
    run: 'a-run',
    login: site.login,
    settings: new Map(Object.entries({ pool: join(root, 'pool'), ...settings })),
    env,
  }
}
const open = async (...given: Parameters<typeof optionsWith>): Promise<PlatformSession> =>
  await externalPlatform.open(optionsWith(...given))
const spec = { name: 'm0', architecture: 'x86_64', memoryMiB: 512, cpus: 1, tpm: false, disks: [] } as const
const wish = (): { folder: string; signal: AbortSignal } => ({
  folder: mkdtempSync(join(root, 'm-')),
  signal,
})

test('a machine behind two jump hosts is dialled at a port of this host', async () => {
  const [gate, inner, target] = [
    await site.start('gate'),
    await site.start('inner'),
    await site.start('target'),
  ]
  const { user, key } = site.login
  const jump = `${user}@${gate},${user}@${inner}`
  await using session = await open({ hosts: target, jump, key: site.keyPath })
  await using machine = await session.create(spec, wish())
  const endpoint = await machine.ssh(signal)
  expect(endpoint.host).toBe('127.0.0.1')
  expect(`127.0.0.1:${endpoint.port}`).not.toBe(target)
  await checkLogin(endpoint, { user, key }, signal)
  await site.stop('target')
  await expect(checkLogin(endpoint, { user, key }, signal)).rejects.toMatchObject({ code: 'host-unhealthy' })
})

test('a password, against the SSH server of ssh2: by either method, and no word of it when it is wrong', async () => {
  const asked: string[] = []
  const server = new ssh2.Server({ hostKeys: [readFileSync(join(site.folder, 'host_key'))] }, (client) => {
    client
      .on('error', () => undefined)
      .on('authentication', (request) => {
        asked.push(request.method)
        if (request.method === 'keyboard-interactive')
          request.prompt([{ prompt: 'Password: ', echo: false }], ([answer]) =>
            answer === 'a-good-secret' ? request.accept() : request.reject(),
          )
        else request.reject(['keyboard-interactive'])
      })
    client.on('session', (accept) =>
      accept().on('exec', (acceptExec) => {
        const channel = acceptExec()
        channel.exit(0)
        channel.end()
      }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const hosts = `127.0.0.1:${(server.address() as AddressInfo).port}`
  {
    await using session = await open(
      { hosts, user: 'someone' },
      { SIGNALBOX_EXTERNAL_PASSWORD: 'a-good-secret' },
    )
    await using machine = await session.create(spec, wish())
    expect(machine.login).toEqual({ user: 'someone', password: 'a-good-secret' })
    expect(asked).toEqual(['password', 'keyboard-interactive'])
    expect(JSON.stringify([machine.facts, session.facts])).not.toContain('a-good-secret')
  }
  await using session = await open(
    { hosts, user: 'someone' },
    { SIGNALBOX_EXTERNAL_PASSWORD: 'a-bad-secret' },
  )
  const error = await session.create(spec, wish()).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ name: 'InfraError', code: 'host-unhealthy' })
  expect(String((error as Error).stack) + JSON.stringify(error)).not.toContain('a-bad-secret')
  server.close()
})

test('what the program of a site says is shown without the secrets of the run', async () => {
  await using refusing = site.refuse('no-machine')
  void refusing
  await using session = await open(
    { provision: site.program('provision') },
    { SIGNALBOX_EXTERNAL_PASSWORD: 'hunter2' },
  )
  await expect(session.create(spec, wish())).rejects.toMatchObject({
    code: 'provision-failed',
    evidence: ['no machine left, password ***'],
  })
})

test('what a killed run has provisioned is listed and reaped by the programs of the site', async () => {
  const settings = Object.fromEntries(
    ['provision', 'deprovision'].map((name) => [name, site.program(name)] as const),
  )
  const { emit: _emit, signal: _signal, settings: map, ...plain } = optionsWith(settings)
  const program = `
    import { externalPlatform } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))}
    const session = await externalPlatform.open({ ...${JSON.stringify(plain)}, settings: new Map(${JSON.stringify([...(map ?? [])])}), emit: () => undefined, signal: new AbortController().signal })
    const machine = await session.create(${JSON.stringify(spec)}, { folder: ${JSON.stringify(root)}, signal: new AbortController().signal })
    process.stdout.write(machine.id)
    setInterval(() => undefined, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  const id = said.toString()
  const context = { settings: new Map(Object.entries(settings)), env: {} }
  const leases = (await externalPlatform.leases?.(context)) ?? expect.unreachable('it has leases')
  const own = async () => (await leases.list(signal)).filter((lease) => lease.id === id)
  expect(await leases.reap(await own(), signal)).toEqual([
    { lease: expect.objectContaining({ id }), reason: `process ${child.pid} uses it: end that first` },
  ])
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(await own()).toEqual([expect.objectContaining({ kind: 'machine', run: 'a-run' })])
  expect(leases.deadRuns()).toEqual(new Set(['a-run']))
  expect(site.machines()).toContain(id)
  expect(await leases.reap(await own(), signal)).toEqual([])
  expect(await own()).toEqual([])
  expect(site.machines()).not.toContain(id)
})

describe('settings that cannot be used', () => {
  const notKey = join(root, 'not-a-key')
  writeFileSync(notKey, 'nothing')
  test.each([
    ['no hosts and no program', {}, 'no-hosts'],
    ['an unknown name', { host: 'a' }, 'unknown-setting'],
    ['a password on the command line', { hosts: 'a', password: 'x' }, 'secret-in-settings'],
    ['an address with an option', { hosts: '-oProxyCommand=x' }, 'bad-address'],
    ['a port that is none', { hosts: 'a:70000' }, 'bad-address'],
    ['a host twice', { hosts: 'a,a:22' }, 'host-twice'],
    ['a key that is not there', { hosts: 'a', key: '/nowhere' }, 'key-unreadable'],
    ['a key that is none', { hosts: 'a', key: notKey }, 'key-unusable'],
    ['a command that is no list', { provision: '["a",1]' }, 'bad-setting'],
    ['a number that is none', { hosts: 'a', wait: 'long' }, 'bad-setting'],
  ])('%s', async (_, settings, code) => {
    await expect(open(settings)).rejects.toMatchObject({ name: 'UsageError', code })
  })

  test('a command is a path, or a JSON list; no shell reads it', () => {
    const read = (provision: string) =>
      readExternal({ settings: new Map([['provision', provision]]) }).programs.provision
    expect(read('./make it; rm -rf')).toEqual(['./make it; rm -rf'])
    expect(read('["./make", "--rack", "$(3)"]')).toEqual(['./make', '--rack', '$(3)'])
  })
})

test('a tunnel that is closed lets go of its port', async () => {
  const gate = await site.start('closing')
  const jump = { host: '127.0.0.1', port: Number(gate.split(':')[1]), user: undefined }
  const tunnel = await openTunnel({ jumps: [jump], login: site.login }, jump)
  await checkLogin(tunnel.endpoint, site.login, signal)
  await tunnel[Symbol.asyncDispose]()
  await expect(checkLogin(tunnel.endpoint, site.login, signal)).rejects.toMatchObject({
    code: 'host-unhealthy',
  })
})
