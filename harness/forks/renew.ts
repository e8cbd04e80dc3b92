// Makes a clone a machine of its own, through the agent and before anybody else can reach it.

import { generateKeyPair, randomBytes, randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import type { Agent } from '../agent/agent.ts'
import { ansiQuote } from '../agent/bash-text.ts'
import { InfraError } from '../errors.ts'
import { ssh2Library } from '../ssh/library.ts'
import { generateKeyText } from '../ssh/openssh-key.ts'
import type { NewIdentity, PrivatePlace } from './identity.ts'

export interface RenewOptions {
  readonly agent: Agent
  readonly identity: NewIdentity
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

const makeKeyPair = promisify(generateKeyPair)

/** A new identity; `hostKeyTypes` are those that the template has. */
export async function newIdentity(name: string, hostKeyTypes: readonly string[]): Promise<NewIdentity> {
  const machineId = randomUUID().replaceAll('-', '')
  const keys = await Promise.all(hostKeyTypes.map(async (type) => [type, await makeHostKey(type)] as const))
  return {
    // Replaced when it is told: a key of RSA takes a while.
    clock: now(),
    entropy: randomBytes(32).toString('hex'),
    hostName: hostNameOf(name, machineId),
    machineId,
    hostKeys: new Map(keys),
  }
}

/** A machine's transient host name: its name in the test and the beginning of what makes it unique. */
export function hostNameOf(name: string, machineId: string): string {
  return `${name}-${machineId.slice(0, 8)}`
}

/** Renews what must be new before SSH is dialled. Throws InfraError when the clone did not take its identity. */
export async function renew({ agent, identity, timeoutMs, signal }: RenewOptions): Promise<void> {
  const { entropy, hostName, machineId, hostKeys, privatePlace } = identity
  const variables = {
    T: now(),
    E: entropy,
    H: hostName,
    M: machineId,
    ...(privatePlace === undefined ? {} : placeVariables(privatePlace)),
    ...Object.fromEntries(
      [...hostKeys].flatMap(([type, { privateKey, publicKey }]) => [
        [`K_${type}`, privateKey],
        [`P_${type}`, publicKey],
      ]),
    ),
  }
  const assignments = Object.entries(variables).map(([name, value]) => `${name}=${ansiQuote(value)}`)
  const title = 'the clone to take its identity'
  const taken = await agent.tell(`${assignments.join(' ')}; renew`, { title, timeoutMs, signal })
  if (taken.trim() === machineId) return
  throw new InfraError('a clone did not take its new identity', { code: 'clone-not-renewed' })
}

function placeVariables({ ipv4, ipv6, domain, file }: PrivatePlace): Readonly<Record<string, string>> {
  return { N: file.path, X: file.text, A4: ipv4, A6: wholeAddress(ipv6), D: domain }
}

/** An IPv6 address in 32 hexadecimal digits, as /proc/net/if_inet6 shows it. */
export function wholeAddress(ipv6: string): string {
  const [head = '', tail] = ipv6.split('::')
  const groups = (part: string): readonly string[] =>
    part === '' ? [] : part.split(':').map((group) => group.padStart(4, '0'))
  const [before, after] = [groups(head), groups(tail ?? '')]
  return [
    ...before,
    ...Array.from({ length: 8 - before.length - after.length }, () => '0000'),
    ...after,
  ].join('')
}

/** The rest, which may take place while SSH connects; the test begins after it. */
export async function finishRenewal({
  agent,
  timeoutMs,
  signal,
}: Omit<RenewOptions, 'identity'>): Promise<void> {
  await agent.tell('finish', { title: 'the clone to finish its renewal', timeoutMs, signal })
}

/** Sets the clock of a machine that went back to a checkpoint. */
export async function setClock({ agent, timeoutMs, signal }: Omit<RenewOptions, 'identity'>): Promise<void> {
  await agent.tell(`date -s @${now()} >/dev/null`, { title: 'the clock to be set', timeoutMs, signal })
}

function now(): string {
  return (Date.now() / 1000).toFixed(3)
}

// OpenSSH reads PEM for RSA and ECDSA; ed25519 it reads in its own format only.
async function makeHostKey(
  type: string,
): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  switch (type) {
    case 'ed25519':
      return generateKeyText('')
    case 'ecdsa':
    case 'rsa': {
      const { privateKey } =
        type === 'rsa'
          ? await makeKeyPair('rsa', { modulusLength: 3072 })
          : await makeKeyPair('ec', { namedCurve: 'P-256' })
      const pem = String(privateKey.export({ type: type === 'rsa' ? 'pkcs1' : 'sec1', format: 'pem' }))
      const parsed = ssh2Library().utils.parseKey(pem)
      if (parsed instanceof Error) throw parsed
      return { privateKey: pem, publicKey: `${parsed.type} ${parsed.getPublicSSH().toString('base64')}` }
    }
    default:
      throw new InfraError(`no SSH host key of type ${type} can be made`, { code: 'host-key-type' })
  }
}
