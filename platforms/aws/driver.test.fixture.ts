// A process that does what a run does to AWS, to be killed at any moment: opens the platform, makes machines beside each other, with a config
// that needs a bucket when it is told so, destroys them, closes. It prints `done` when nothing is left for it to do.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runtimeFolder } from '../../harness/folders.ts'
import type { MachineSpec, OpenOptions } from '../../harness/machine.ts'
import { awsPlatform } from './index.ts'

const [run = 'killed', machines = '1', bytes = '200', ami = '', region = ''] = process.argv.slice(2)

const ignition = JSON.stringify({ ignition: { version: '3.3.0' } }).padEnd(Number(bytes), ' ')
const { signal } = new AbortController()
const options: OpenOptions = {
  image: {
    identity: {
      digest: 'sha256:',
      distro: 'flatcar',
      version: '1.0.0',
      channel: 'stable',
      architecture: 'x86_64',
    },
    firmwares: ['uefi'],
  },
  emit: () => undefined,
  signal,
  run,
  login: {
    user: 'core',
    key: {
      privateKey: '',
      publicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl x',
    },
  },
  settings: new Map([
    ['ami', ami],
    ['region', region],
    ['allow-from', '203.0.113.7/32'],
    ['console-wait-seconds', '0'],
    ['console-seconds', '3600'],
    ['requests-per-second', '1000'],
  ]),
  limits: { maxMachines: 1000 },
}
// Whoever starts this removes it, also after a kill.
mkdirSync(runtimeFolder(), { recursive: true })
const folder = mkdtempSync(join(runtimeFolder(), 'driver-'))
const spec = (name: string): MachineSpec => ({
  name,
  architecture: 'x86_64',
  memoryMiB: 512,
  cpus: 1,
  tpm: false,
  disks: [],
  ignition,
})

async function main(): Promise<void> {
  await using session = await awsPlatform.open(options)
  const names = Array.from({ length: Number(machines) }, (_, index) => `m${index}`)
  const made = await Promise.all(
    names.map(async (name) => await session.create(spec(name), { folder, signal })),
  )
  await Promise.all(made.map(async (machine) => await machine[Symbol.asyncDispose]()))
}

await main()
rmSync(folder, { recursive: true })
process.stdout.write('done\n')
