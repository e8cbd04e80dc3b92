// The host's side of a clone's renewal: what it makes up, what it tells the clone, and when it gives up.

import ssh2 from 'ssh2'
import { describe, expect, test } from 'vitest'
import { openAgent } from '../agent/agent.ts'
import { scriptedPort, type Script } from '../agent/scripted-agent.test.fixture.ts'
import { hostKeyOf } from './identity.ts'
import { finishRenewal, newIdentity, renew, setClock, wholeAddress } from './renew.ts'

const never = new AbortController().signal
const asked = (script: Script) => {
  const port = scriptedPort(script)
  return { port, options: { agent: openAgent(port), timeoutMs: 5000, signal: never } }
}

describe('a new identity', () => {
  test.each(['ed25519', 'ecdsa', 'rsa'])('has a host key of type %s that SSH can use', async (type) => {
    const { hostKeys } = await newIdentity('m0', [type])
    const key = hostKeys.get(type)
    const parsed = ssh2.utils.parseKey(key?.privateKey ?? '')
    if (parsed instanceof Error) throw parsed
    expect(key?.publicKey.split(' ').slice(0, 2)).toEqual([
      parsed.type,
      parsed.getPublicSSH().toString('base64'),
    ])
    expect(key?.publicKey).not.toContain('\n')
    expect([...hostKeys.keys()]).toEqual([type])
  })

  test('pins the key that an SSH client prefers', async () => {
    const all = await newIdentity('m0', ['rsa', 'ecdsa', 'ed25519'])
    expect(hostKeyOf(all)).toMatch(/^ssh-ed25519 \S+$/)
    const without = await newIdentity('m0', ['rsa', 'ecdsa'])
    expect(hostKeyOf(without)).toMatch(/^ecdsa-sha2-nistp256 \S+$/)
    expect(hostKeyOf(await newIdentity('m0', ['rsa']))).toMatch(/^ssh-rsa \S+$/)
    expect(hostKeyOf(await newIdentity('m0', []))).toBeUndefined()
  })

  test('of a key type that cannot be made is an error of the infrastructure', async () => {
    await expect(newIdentity('m0', ['dsa'])).rejects.toMatchObject({
      name: 'InfraError',
      code: 'host-key-type',
      message: expect.stringContaining('dsa'),
    })
  })
})

describe('renew', () => {
  test('tells a clone everything in one request', async () => {
    const identity = await newIdentity('m0', ['ed25519'])
    const { port, options } = asked(() => ({ output: `${identity.machineId}\n` }))
    await renew({ ...options, identity })
    expect(port.sent).toHaveLength(1)
    const [{ code } = { code: '' }] = port.requests
    for (const part of [
      `M=$'${identity.machineId}'`,
      `H=$'${identity.hostName}'`,
      `E=$'${identity.entropy}'`,
    ])
      expect(code).toContain(part)
    expect(code).toMatch(/ K_ed25519=\$'-----BEGIN [^']*-----\\n' P_ed25519=\$'ssh-ed25519 .*; renew$/)
    const [, time = ''] = / ?T=\$'([\d.]+)'/.exec(code) ?? []
    expect(Math.abs(Date.now() / 1000 - Number(time))).toBeLessThan(60)
  })

  test('tells one that joins a private network its place there', async () => {
    const identity = await newIdentity('m0', [])
    const { port, options } = asked(() => ({ output: identity.machineId }))
    const file = { path: '/etc/systemd/network/x.network', text: "[Match]\nName='x'\n" }
    const privatePlace = { ipv4: '10.77.0.11', ipv6: 'fd77::11', domain: 'cluster.internal', file }
    await renew({ ...options, identity: { ...identity, privatePlace } })
    const [{ code } = { code: '' }] = port.requests
    expect(code).toContain(
      " N=$'/etc/systemd/network/x.network' X=$'[Match]\\nName=\\'x\\'\\n' A4=$'10.77.0.11' A6=$'fd770000000000000000000000000011' D=$'cluster.internal'",
    )
  })

  test.each([
    ['fd77::11', 'fd770000000000000000000000000011'],
    ['::1', '00000000000000000000000000000001'],
    ['fe80::', 'fe800000000000000000000000000000'],
    ['1:2:3:4:5:6:7:abcd', '0001000200030004000500060007abcd'],
  ])('%s is whole as %s', (short, whole) => {
    expect(wholeAddress(short)).toBe(whole)
  })

  test.each([
    ['its old machine id', { output: 'a'.repeat(32) }, 'clone-not-renewed'],
    ['nothing', { output: '' }, 'clone-not-renewed'],
    ['that it failed', { status: 1, output: 'bash: read-only file system' }, 'agent-failed'],
  ])('a clone that answers %s was not renewed', async (_, answer, code) => {
    const { options } = asked(() => answer)
    const identity = await newIdentity('m0', [])
    await expect(renew({ ...options, identity })).rejects.toMatchObject({ code })
  })

  test('a clone that is silent is waited for so long', async () => {
    const { options } = asked(() => undefined)
    const identity = await newIdentity('m0', [])
    await expect(renew({ ...options, identity, timeoutMs: 20 })).rejects.toThrow(
      /for the clone to take its identity/,
    )
    await expect(finishRenewal({ ...options, timeoutMs: 20 })).rejects.toThrow(/to finish its renewal/)
  })
})

test('the clock is set to now, and the rest of the renewal is one word', async () => {
  const { port, options } = asked(() => ({}))
  await finishRenewal(options)
  await setClock(options)
  expect(port.requests.map(({ code }) => code)).toEqual([
    'finish',
    expect.stringMatching(/^date -s @\d+\.\d{3} >\/dev\/null$/),
  ])
})
