// What can be set for external hosts, and what it comes to.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { codeOf, UsageError } from '../../harness/errors.ts'
import { cacheFolder } from '../../harness/folders.ts'
import type { MachineLogin, PlatformContext, PlatformSetting } from '../../harness/machine.ts'
import { readSettings } from '../settings.ts'

export const externalSettings: readonly PlatformSetting[] = [
  { name: 'hosts', help: 'addresses that may be used, between commas: 10.0.0.7,rack2.example:2222' },
  { name: 'user', help: 'who logs in', default: 'the user of the distro profile' },
  { name: 'key', help: 'file of the private key to log in with', default: "the harness's own key" },
  {
    name: 'password',
    help: 'password to log in with',
    env: 'SIGNALBOX_EXTERNAL_PASSWORD',
    isSecret: true,
  },
  { name: 'jump', help: 'hosts to go through, in order, between commas: user@gate.example:22' },
  {
    name: 'provision',
    help: 'program that makes a machine ready, with USERDATA, MACHINE and (with hosts) IPADDR; without hosts its last line is the address',
  },
  {
    name: 'deprovision',
    help: 'program that gives a machine back, with MACHINE and IPADDR; run after every provision',
  },
  { name: 'console', help: 'program that prints the serial console of IPADDR until it is ended' },
  { name: 'power', help: 'program that does ACTION (cut, on, reset) to IPADDR' },
  {
    name: 'health',
    help: 'program that exits with 0 where IPADDR is fit for use; asked before and after each use',
  },
  { name: 'command-timeout', help: 'seconds that one of these programs may take', default: '600' },
  { name: 'wait', help: 'seconds to wait for a free host', default: '600' },
  { name: 'quarantine-after', help: 'failures in a row after which a host is not used', default: '3' },
  { name: 'quarantine-minutes', help: 'for how long', default: '60' },
  { name: 'pool', help: 'folder of locks and quarantine, the same for all runs that share hosts' },
]

export interface HostAddress {
  readonly host: string
  readonly port: number
}

export type Program = readonly [string, ...string[]]

export interface ExternalConfig {
  readonly hosts: readonly HostAddress[]
  readonly login: MachineLogin
  readonly jumps: readonly (HostAddress & { readonly user: string | undefined })[]
  readonly programs: Readonly<
    Record<'provision' | 'deprovision' | 'console' | 'power' | 'health', Program | undefined>
  >
  readonly commandTimeoutMs: number
  readonly waitMs: number
  readonly quarantineAfter: number
  readonly quarantineMs: number
  readonly pool: string
  /** Not to be seen in anything that is written. */
  readonly secrets: readonly string[]
}

/** Reads and checks. Throws UsageError for what cannot be used. */
export function readExternal(context: PlatformContext): ExternalConfig {
  const settings = readSettings('external', externalSettings, context)
  const hosts = settings.list('hosts').map((text) => addressOf(text))
  const twice = hosts.find(
    (host, index) => hosts.findIndex((other) => nameOf(other) === nameOf(host)) !== index,
  )
  if (twice !== undefined)
    throw new UsageError(`the host ${nameOf(twice)} is named twice`, { code: 'host-twice' })
  const keyPath = settings.get('key')
  const user = settings.get('user')
  const password = settings.get('password')
  return {
    hosts,
    login: {
      ...(user === undefined ? {} : { user }),
      ...(keyPath === undefined ? {} : { key: readKey(keyPath) }),
      ...(password === undefined ? {} : { password }),
    },
    jumps: settings.list('jump').map((text) => {
      const at = text.lastIndexOf('@')
      return { ...addressOf(text.slice(at + 1)), user: at === -1 ? undefined : text.slice(0, at) }
    }),
    programs: {
      provision: settings.command('provision'),
      deprovision: settings.command('deprovision'),
      console: settings.command('console'),
      power: settings.command('power'),
      health: settings.command('health'),
    },
    commandTimeoutMs: settings.number('command-timeout', 600, 1) * 1000,
    waitMs: settings.number('wait', 600) * 1000,
    quarantineAfter: settings.number('quarantine-after', 3, 1),
    quarantineMs: settings.number('quarantine-minutes', 60) * 60_000,
    pool: settings.get('pool') ?? join(cacheFolder(), 'external'),
    secrets: password === undefined ? [] : [password],
  }
}

/** Why there is nothing to run on, or undefined. */
export function whyNoHosts({ hosts, programs }: ExternalConfig): string | undefined {
  return hosts.length > 0 || programs.provision !== undefined
    ? undefined
    : 'no hosts: name them with --set hosts=ADDRESS,... or a program that makes them with --set provision=PROGRAM'
}

/** `host` or `host:port`, `[v6]:port`. Throws UsageError. */
export function addressOf(text: string): HostAddress {
  const [, six, name, port = '22'] = /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([\w.-]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = six ?? name
  const number = Number(port)
  if (host === undefined || host.startsWith('-') || number < 1 || number > 65_535)
    throw new UsageError(`"${text.slice(0, 200)}" is no address`, {
      code: 'bad-address',
      hint: 'write it as host, host:port, or [ipv6]:port',
    })
  return { host, port: number }
}

/** An address as people and files name it. */
export function nameOf({ host, port }: HostAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function readKey(path: string): NonNullable<MachineLogin['key']> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`the key ${path} cannot be read: ${codeOf(error) ?? 'unknown error'}`, {
      code: 'key-unreadable',
    })
  }
  const key = ssh2.utils.parseKey(text)
  if (key instanceof Error || !key.isPrivateKey())
    throw new UsageError(`${path} holds no private key without a passphrase`, {
      code: 'key-unusable',
      hint: 'make one with: ssh-keygen -t ed25519 -N "" -f FILE',
    })
  return { privateKey: text, publicKey: `${key.type} ${key.getPublicSSH().toString('base64')}`, path }
}
