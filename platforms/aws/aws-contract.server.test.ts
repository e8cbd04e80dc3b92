// The platform contract over AWS, against moto's EC2 API. What moto has not is a machine behind an address: nothing here dials one.

import { DescribeInstanceAttributeCommand, EC2Client } from '@aws-sdk/client-ec2'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { afterAll } from 'vitest'
import { readLedger } from '../../harness/ledger.ts'
import type { PlatformMachine } from '../../harness/machine.ts'
import { platformContract } from '../contract/platform-contract.test.suite.ts'
import { awsOptions, smallSpec } from './aws-options.test.fixture.ts'
import { awsPlatform } from './index.ts'
import { awsEnvironment, startMoto } from './moto.test.fixture.ts'

const moto = await startMoto()
const folder = mkdtempSync(join(tmpdir(), 'aws-contract-'))
process.env['SIGNALBOX_RUNTIME'] = join(folder, 'run')
Object.assign(process.env, awsEnvironment(moto.url), { SIGNALBOX_AWS_REQUESTS: '1000' })
const direct = new EC2Client({ endpoint: moto.directUrl })
afterAll(async () => {
  direct.destroy()
  await moto[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

const options = awsOptions({
  run: 'contract',
  settings: { 'console-seconds': '1', attempts: '3' },
})
const { signal } = options

async function listed(): Promise<readonly string[]> {
  const leases = await awsPlatform.leases?.({})
  const there = (await leases?.list(signal)) ?? []
  return [
    ...there.map(({ kind, id }) => `${kind} ${id}`),
    ...readLedger().map(({ id, data }) => `intent ${String(data['what'])} ${id}`),
  ]
}

/** The text in the user data, or of what its stub names, whose hash must be right. */
async function delivered({ id }: PlatformMachine): Promise<string> {
  const { UserData } = await direct.send(
    new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute: 'userData' }),
  )
  const text = Buffer.from(UserData?.Value ?? '', 'base64').toString('utf8')
  const stub = JSON.parse(text) as StubConfig
  if (stub.ignition.config === undefined) return text
  const { source, verification } = stub.ignition.config.replace
  const real = await (await fetch(source)).text()
  const hash = `sha512-${createHash('sha512').update(real).digest('hex')}`
  return hash === verification.hash ? real : `the hash of what the stub names is wrong: ${hash}`
}

interface StubConfig {
  readonly ignition: {
    readonly config?: {
      readonly replace: { readonly source: string; readonly verification: { readonly hash: string } }
    }
  }
}

const refusing = (action: string, refuse: string, status?: number) => async (): Promise<AsyncDisposable> => {
  const ruling = moto.rule((asked) =>
    asked.action === action ? { refuse, ...(status === undefined ? {} : { status }) } : 'pass',
  )
  return await Promise.resolve({
    async [Symbol.asyncDispose]() {
      ruling[Symbol.dispose]()
      await Promise.resolve()
    },
  })
}

platformContract('aws, against moto', {
  platform: awsPlatform,
  open: async () => await awsPlatform.open(options),
  spec: smallSpec,
  consoleText: 'Linux version',
  isConsoleStatic: true,
  warmUp: true,
  impossible: {
    spec: { ...smallSpec('m0'), memoryMiB: 1_000_000 },
    reason: /needs 1000000 MiB of memory.*m7i.4xlarge/,
  },
  delivered,
  troubles: [
    { name: 'no quota left', code: 'aws-quota', begin: refusing('RunInstances', 'VcpuLimitExceeded', 400) },
    {
      name: 'no capacity',
      code: 'aws-no-capacity',
      begin: refusing('RunInstances', 'InsufficientInstanceCapacity', 500),
    },
    {
      name: 'every request throttled',
      code: 'aws-throttled',
      begin: refusing('RunInstances', 'RequestLimitExceeded'),
    },
  ],
  // The start of the machine, and the first look at it.
  steps: {
    count: 2,
    watch(onStep) {
      let step = 0
      return moto.rule(({ action }) => {
        if (action === 'RunInstances' || action === 'DescribeInstances') {
          onStep(step)
          step += 1
        }
        return 'pass'
      })
    },
  },
  leftovers: listed,
  timeoutMs: 120_000,
})
