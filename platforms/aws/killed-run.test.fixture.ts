// Runs the driver against moto and kills it at one of its requests: before the request is made, or after it was done and before the driver
// hears of it. Then the reaper, and what is left.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Lease } from '../../harness/machine.ts'
import { awsPlatform } from './index.ts'
import { awsEnvironment, SOME_AMI, type Moto } from './moto.test.fixture.ts'

export interface KilledRun {
  /** A region that no other run is in meanwhile. */
  readonly region: string
  readonly run: string
  readonly machines: number
  readonly configBytes: number
  /** Undefined: it is not killed. */
  readonly kill: { readonly request: number; readonly when: 'before' | 'after' } | undefined
  /** Its ledger. */
  readonly runtime: string
}

export interface EndedRun {
  readonly wasKilled: boolean
  readonly requests: readonly string[]
  readonly exitCode: number | null
  readonly stderr: string
}

/** Runs the driver until it ends or is killed. Requests of other regions pass. */
export async function runDriver(moto: Moto, options: KilledRun): Promise<EndedRun> {
  const { region, run, machines, configBytes, kill, runtime } = options
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, 'driver.test.fixture.ts'),
      run,
      String(machines),
      String(configBytes),
      SOME_AMI,
      region,
    ],
    {
      env: {
        PATH: process.env['PATH'],
        HOME: runtime,
        SIGNALBOX_RUNTIME: runtime,
        ...awsEnvironment(moto.url, region),
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-4000)))
  const requests: string[] = []
  let wasKilled = false
  const ended = once(child, 'close')
  const strike = async (): Promise<void> => {
    wasKilled = true
    child.kill('SIGKILL')
    await ended
  }
  const counted = new Map<number, number>()
  using before = moto.rule(async (asked) => {
    if (asked.region !== region) return 'pass'
    const number = requests.length
    counted.set(asked.index, number)
    requests.push(asked.action)
    if (kill?.when === 'before' && kill.request === number) {
      await strike()
      return { refuse: 'Killed' }
    }
    // Nobody is there any more to have asked for it.
    return wasKilled ? { refuse: 'Killed' } : 'pass'
  })
  using after = moto.onAnswered(async (asked) => {
    if (kill?.when === 'after' && counted.get(asked.index) === kill.request && !wasKilled) await strike()
  })
  void before
  void after
  const [exitCode] = (await ended) as [number | null]
  return { wasKilled, requests, exitCode, stderr }
}

/** Everything in the region that carries our tags. */
export async function leftIn(region: string): Promise<readonly Lease[]> {
  const leases = await awsPlatform.leases?.({ settings: new Map([['region', region]]) })
  return (await leases?.list(new AbortController().signal)) ?? []
}

/** Reaps the region as `signalbox gc --platform aws --older-than 0s` does; returns what it could not remove. */
export async function reapAll(region: string): Promise<readonly string[]> {
  const { signal } = new AbortController()
  const leases = await awsPlatform.leases?.({ settings: new Map([['region', region]]) })
  const failed = (await leases?.reap((await leases?.list(signal)) ?? [], signal)) ?? []
  return failed.map(({ lease, reason }) => `${lease.kind} ${lease.id}: ${reason}`)
}
