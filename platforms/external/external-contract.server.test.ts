// The platform contract over hosts of a list, and over machines that a site's programs make. Each host is a real sshd.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { readLedger } from '../../harness/ledger.ts'
import type { MachineSpec, OpenOptions } from '../../harness/machine.ts'
import { platformContract } from '../contract/platform-contract.test.suite.ts'
import { externalPlatform } from './index.ts'
import { tryHold } from './pool.ts'
import { readExternal } from './settings.ts'
import { openSite, PROVISION_STEPS } from './site.test.fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'external-contract-'))
process.env['SIGNALBOX_RUNTIME'] = join(folder, 'run')
process.env['SIGNALBOX_CACHE'] = join(folder, 'cache')
const site = await openSite()
afterAll(async () => {
  await site[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

const spec = (name: string): MachineSpec => ({
  name,
  architecture: 'x86_64',
  memoryMiB: 512,
  cpus: 1,
  tpm: false,
  disks: [],
})
const impossible = {
  spec: { ...spec('m0'), disks: [{ serial: 'data', sizeMiB: 10 }] },
  reason: /needs 1 extra disk/,
}
const options: OpenOptions = {
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
  emit: () => undefined,
  signal: new AbortController().signal,
  run: 'contract',
  login: site.login,
}
const ledger = (): readonly string[] =>
  readLedger().flatMap(({ kind, id }) => (kind === 'external' ? [`ledger ${id}`] : []))
const locks = (pool: string): readonly string[] => readdirSync(pool).map((name) => `pool ${name}`)

const hosts = await Promise.all(['h0', 'h1', 'h2'].map(async (name) => await site.start(name)))
const listPool = join(folder, 'list')
const listSettings = new Map([
  ['hosts', hosts.join(',')],
  ['pool', listPool],
  ['wait', '0'],
  ['quarantine-after', '1'],
  ['health', site.program('health')],
])

platformContract('external, hosts of a list', {
  platform: externalPlatform,
  capabilities: ['lease'],
  open: async () => await externalPlatform.open({ ...options, settings: listSettings }),
  spec,
  consoleText: '',
  impossible,
  troubles: [
    {
      name: 'every host in use by somebody else',
      code: 'no-free-host',
      begin: async () => {
        await using stack = new AsyncDisposableStack()
        const config = readExternal({ settings: listSettings })
        for (const address of config.hosts) {
          const held = await tryHold(config, address)
          if (held === undefined) throw new Error('somebody has a host already')
          stack.use(held)
        }
        return stack.move()
      },
    },
    {
      name: 'a host that its own check finds unfit',
      code: 'health-failed',
      begin: async () => {
        const refusing = site.refuse('unhealthy')
        return {
          async [Symbol.asyncDispose]() {
            await refusing[Symbol.asyncDispose]()
            rmSync(listPool, { recursive: true })
          },
        }
      },
    },
  ],
  // The pool's own folder is made by opening; a host in quarantine is what the trouble leaves on purpose.
  leftovers: () => [...ledger(), ...locks(listPool).filter((name) => name.endsWith('.lock'))],
})

const sitePool = join(folder, 'site')
const siteSettings = new Map([
  ...(['provision', 'deprovision', 'console', 'power'] as const).map(
    (name) => [name, site.program(name)] as const,
  ),
  ['pool', sitePool],
])

platformContract('external, programs of a site', {
  platform: externalPlatform,
  capabilities: ['user-data', 'console', 'power', 'reset', 'lease'],
  open: async () => await externalPlatform.open({ ...options, settings: siteSettings }),
  spec,
  consoleText: 'Server listening on 127.0.0.1',
  impossible,
  delivered: async ({ id }) => await Promise.resolve(site.userData(id)),
  troubles: [
    {
      name: 'a site that has no machine left',
      code: 'provision-failed',
      begin: async () => await Promise.resolve(site.refuse('no-machine')),
    },
  ],
  steps: { count: PROVISION_STEPS, watch: (onStep) => site.watchSteps(onStep) },
  leftovers: () => [...ledger(), ...site.machines(), ...readdirSync(join(site.folder, 'ports')).toSorted()],
})
