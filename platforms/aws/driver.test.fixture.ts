// A process that does what a run does to AWS, to be killed at any moment: opens the platform, makes machines beside each other, with a config
// that needs a bucket when it is told so, destroys them, closes. It prints `done` when nothing is left for it to do.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runtimeFolder } from '../../harness/folders.ts'
import type { MachineSpec } from '../../harness/machine.ts'
import { awsOptions, smallSpec } from './aws-options.test.fixture.ts'
import { awsPlatform } from './index.ts'

const [run = 'killed', machines = '1', bytes = '200', ami = '', region = ''] = process.argv.slice(2)

const ignition = JSON.stringify({ ignition: { version: '3.3.0' } }).padEnd(Number(bytes), ' ')
const { signal } = new AbortController()
const options = awsOptions({ signal, run, settings: { ami, region }, limits: { maxMachines: 1000 } })
// Whoever starts this removes it, also after a kill.
mkdirSync(runtimeFolder(), { recursive: true })
const folder = mkdtempSync(join(runtimeFolder(), 'driver-'))
const spec = (name: string): MachineSpec => ({ ...smallSpec(name), ignition })

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
