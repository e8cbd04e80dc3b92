// A whole run at AWS. moto has no machine behind an address, so its machines are joined with one that answers: a fake machine (ssh2's server),
// reached through the platform external. Everything but the address and the login is the AWS platform's.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { awsPlatform } from '../../platforms/aws/index.ts'
import { awsEnvironment, SOME_AMI, startMoto } from '../../platforms/aws/moto.test.fixture.ts'
import { externalPlatform } from '../../platforms/external/index.ts'
import { fakePlatform } from '../../platforms/fake/index.ts'
import { acquireMachine } from '../attempt/acquire.ts'
import type { EventBody } from '../events.ts'
import type { OpenOptions, PlatformSession } from '../machine.ts'
import type { Image } from '../model.ts'
import { distroProfiles } from '../profiles/index.ts'
import { loadSshKey } from '../ssh/index.ts'
import { machineEnvironment } from './machine-environment.ts'
import { targetOf } from './resolve-image.ts'

const moto = await startMoto()
const folder = mkdtempSync(join(tmpdir(), 'joined-'))
process.env['SIGNALBOX_RUNTIME'] = join(folder, 'run')
process.env['SIGNALBOX_CACHE'] = join(folder, 'cache')
Object.assign(process.env, awsEnvironment(moto.url), { SIGNALBOX_AWS_REQUESTS: '1000' })
afterAll(async () => {
  await moto[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})
const { signal } = new AbortController()
const image: Image = {
  identity: {
    digest: 'sha256:',
    distro: 'reference',
    version: '1.0.0',
    channel: 'stable',
    architecture: 'x86_64',
  },
  firmwares: ['uefi'],
}

/** Machines of the first session that answer where those of the second do. */
function joined(first: PlatformSession, second: PlatformSession): PlatformSession {
  return {
    ...first,
    async create(spec, wish) {
      const machine = await first.create(spec, wish)
      const { ignition: _ignition, hasOwnConfig: _own, ...plain } = spec
      const reachable = await second.create(plain, { ...wish, folder: mkdtempSync(join(folder, 'm-')) })
      const dispose = async (): Promise<void> => {
        await machine[Symbol.asyncDispose]()
        await reachable[Symbol.asyncDispose]()
      }
      return {
        ...machine,
        exited: machine.exited,
        ssh: async (asking) => await reachable.ssh(asking),
        [Symbol.asyncDispose]: dispose,
      }
    },
  }
}

test('a machine of moto, joined with a reachable host of the platform external, becomes ready and runs a command', async () => {
  await using stack = new AsyncDisposableStack()
  const events: EventBody[] = []
  const emit = (event: EventBody): void => void events.push(event)
  const fake = stack.use(await fakePlatform().open({ image, emit, signal }))
  const host = stack.use(
    await fake.create(
      { name: 'h', architecture: 'x86_64', memoryMiB: 64, cpus: 1, tpm: false, disks: [] },
      { folder: mkdtempSync(join(folder, 'h-')), signal },
    ),
  )
  const { port } = await host.ssh(signal)
  const sshKey = loadSshKey()
  const profile = distroProfiles.reference
  const options: OpenOptions = {
    image,
    emit,
    signal,
    run: 'joined',
    login: { user: profile.defaultUser, key: sshKey },
  }
  const aws = stack.use(
    await awsPlatform.open({
      ...options,
      settings: new Map([
        ['ami', SOME_AMI],
        ['allow-from', '203.0.113.7/32'],
        ['console-wait-seconds', '0'],
      ]),
    }),
  )
  const external = stack.use(
    await externalPlatform.open({ ...options, settings: new Map([['hosts', `127.0.0.1:${port}`]]) }),
  )
  const session = joined(aws, external)
  const target = targetOf(image.identity, image.firmwares, 'aws', { platform: 'aws' })
  const env = machineEnvironment({ platform: awsPlatform, image, profile, target }, session, {
    sshKey,
    emit,
    runFolder: folder,
    signal,
  })
  {
    await using live = await acquireMachine(
      env,
      { name: 'm0', needs: {}, configs: [], attempts: [], folder },
      signal,
    )
    await live.becomeReady(signal)
    expect(await live.machine.run('echo hello')).toBe('hello')
    await expect.poll(() => live.console.log.lines().join('\n')).toContain('Linux version 2.6')
  }
  expect(readFileSync(join(folder, 'm0', 'console.txt'), 'utf8')).toContain('Linux version 2.6')
  expect(events).toContainEqual(
    expect.objectContaining({
      type: 'machine.created',
      platform: 'aws',
      facts: { type: 't3.small', region: 'eu-central-1', image: SOME_AMI, market: 'on-demand' },
    }),
  )
  expect(events).toContainEqual(expect.objectContaining({ type: 'machine.destroyed' }))
})
