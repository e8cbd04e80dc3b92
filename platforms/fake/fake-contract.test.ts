// The platform contract over fake machines: what the harness's own tests lean on behaves like a platform.

import type { Image } from '../../harness/model.ts'
import type { MachineSpec } from '../../harness/machine.ts'
import { platformContract } from '../contract/platform-contract.test.suite.ts'
import type { FakeBehaviour } from './behaviour.ts'
import { fakePlatform } from './index.ts'
import type { FakeMachine } from './machine.ts'

const platform = fakePlatform()

const image: Image = {
  identity: {
    digest: 'sha256:00',
    distro: 'reference',
    version: '1.0.0',
    channel: 'stable',
    architecture: 'x86_64',
  },
  disk: { path: '/nowhere', format: 'raw' },
  firmwares: ['direct'],
}

const spec = (name: string): MachineSpec => ({
  name,
  architecture: 'x86_64',
  memoryMiB: 512,
  cpus: 1,
  tpm: false,
  disks: [],
})

function behaving(behaviour: Partial<FakeBehaviour>): string {
  const source = `data:,${encodeURIComponent(JSON.stringify(behaviour))}`
  return JSON.stringify({ storage: { files: [{ path: '/fake/behaviour.json', contents: { source } }] } })
}

platformContract('fake', {
  platform,
  open: async () =>
    await platform.open({ image, emit: () => undefined, signal: new AbortController().signal }),
  spec,
  consoleText: 'Linux version',
  createTakesTime: false,
  delivered: async (machine) => await Promise.resolve((machine as FakeMachine).spec.ignition ?? ''),
  troubles: [
    {
      name: 'no machine to give',
      code: 'fake-no-machine',
      spec: (name) => ({ ...spec(name), ignition: behaving({ boot: 'create-fails' }) }),
    },
  ],
  leftovers: async () =>
    (await (await platform.leases?.({}))?.list(new AbortController().signal))?.map(({ id }) => id) ?? [],
  impossible: { spec: { ...spec('m0'), memoryMiB: 64_000 }, reason: /64000 MiB of memory/ },
})
