// The platform contract over fake machines: what the harness's own tests lean on behaves like a platform.

import type { Image } from '../../harness/model.ts'
import type { MachineSpec } from '../../harness/machine.ts'
import { platformContract } from '../contract/platform-contract.test.suite.ts'
import { fakePlatform } from './index.ts'

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

platformContract('fake', {
  open: async () =>
    await fakePlatform().open({ image, emit: () => undefined, signal: new AbortController().signal }),
  spec,
  consoleText: 'Linux version',
  createTakesTime: false,
  impossible: { spec: { ...spec('m0'), memoryMiB: 64_000 }, reason: /64000 MiB of memory/ },
})
