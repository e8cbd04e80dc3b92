// What the AWS platform takes, against moto's EC2 API: many machines at once with throttling, its own share of that, and what killed runs leave.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { awsPlatform } from '../../platforms/aws/index.ts'
import { leftIn, reapAll, runDriver } from '../../platforms/aws/killed-run.test.fixture.ts'
import { awsOptions, smallSpec } from '../../platforms/aws/aws-options.test.fixture.ts'
import { awsEnvironment, startMoto, type Moto } from '../../platforms/aws/moto.test.fixture.ts'
import type { Benchmark } from './figure.ts'
import { openRandom } from './random.ts'

const MACHINES = 64
/** One after the other nothing hides behind something else. */
const ALONE = 16
const KILLED_RUNS = 200
const THROTTLED = 0.3
const MOST_IN_FLIGHT = 20
const REGIONS = ['us-east-1', 'us-west-2']

export const awsBenchmarks: readonly Benchmark[] = [
  {
    name: 'aws-64',
    unit: 's',
    better: 'lower',
    n: 1,
    help: `${MACHINES} machines created and destroyed against moto, ${THROTTLED * 100} % of the requests throttled, at most ${MOST_IN_FLIGHT} in flight`,
    async sample(report) {
      return await withMoto(async (moto) => {
        const random = openRandom(64)
        let throttled = 0
        using rule = moto.rule(() => {
          if (random() >= THROTTLED) return 'pass'
          throttled += 1
          return { refuse: 'RequestLimitExceeded' }
        })
        void rule
        const { ms } = await manyMachines(moto, { machines: MACHINES, atOnce: MACHINES })
        const most = moto.counts.mostInFlight()
        report(
          `  ${moto.counts.total()} requests, ${throttled} of them throttled, ${most} in flight at the most`,
        )
        if (most > MOST_IN_FLIGHT) throw new Error(`${most} requests were in flight`)
        return ms / 1000
      })
    },
  },
  {
    name: 'aws-machine-overhead',
    unit: 'ms',
    better: 'lower',
    n: 3,
    help: `what a machine takes beyond the time in which the API is at work on a request: ${ALONE} created and destroyed one after the other, without throttling`,
    asked: { atMost: 50 },
    async sample(report) {
      return await withMoto(async (moto) => {
        const { ms, busyMs } = await manyMachines(moto, { machines: ALONE, atOnce: 1 })
        report(`  ${ms.toFixed(0)} ms, the API at work for ${busyMs.toFixed(0)} ms of them`)
        return (ms - busyMs) / ALONE
      })
    },
  },
  {
    name: 'aws-orphans',
    unit: 'left',
    better: 'lower',
    n: 1,
    help: `things with our tags that are left after ${KILLED_RUNS} runs were killed (SIGKILL, seeded) and reaped`,
    asked: { atMost: 0 },
    async sample(report) {
      return await withMoto(async (moto) => await countOrphans(moto, report))
    },
  },
]

async function withMoto<T>(work: (moto: Moto) => Promise<T>): Promise<T> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-bench-aws-'))
  stack.defer(async () => await rm(folder, { recursive: true, force: true }))
  const moto = stack.use(await startMoto())
  const before = { ...process.env }
  Object.assign(process.env, awsEnvironment(moto.url), {
    SIGNALBOX_AWS_REQUESTS: '1000',
    SIGNALBOX_RUNTIME: folder,
  })
  stack.defer(() => {
    process.env = before
  })
  return await work(moto)
}

async function manyMachines(
  moto: Moto,
  { machines, atOnce }: { readonly machines: number; readonly atOnce: number },
): Promise<{ readonly ms: number; readonly busyMs: number }> {
  const { signal } = new AbortController()
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-bench-aws-'))
  const session = await awsPlatform.open(
    awsOptions({ signal, run: 'bench', limits: { maxMachines: machines + 1 } }),
  )
  // The network is there before, and code is warm.
  await (await session.create(smallSpec('warm'), { folder, signal }))[Symbol.asyncDispose]()
  moto.counts.reset()
  const startedAt = performance.now()
  for (let first = 0; first < machines; first += atOnce) {
    const made = await Promise.all(
      Array.from(
        { length: atOnce },
        async (_, index) => await session.create(smallSpec(`m${first + index}`), { folder, signal }),
      ),
    )
    await Promise.all(made.map(async (machine) => await machine[Symbol.asyncDispose]()))
  }
  const ms = performance.now() - startedAt
  const busyMs = moto.counts.busyMs()
  await session[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
  return { ms, busyMs }
}

async function countOrphans(moto: Moto, report: (line: string) => void): Promise<number> {
  const random = openRandom(200)
  const runs = Array.from({ length: KILLED_RUNS }, (_, index) => ({
    run: `run-${index}`,
    machines: 1 + Math.floor(random() * 3),
    configBytes: random() < 0.5 ? 200 : 20_000,
    // A run of one machine makes about 35 requests, each more machine about 6.
    kill: {
      request: Math.floor(random() * 45),
      when: random() < 0.5 ? ('before' as const) : ('after' as const),
    },
  }))
  let killed = 0
  let reaped = 0
  let left = 0
  await Promise.all(
    REGIONS.map(async (region) => {
      for (let next = runs.pop(); next !== undefined; next = runs.pop()) {
        const runtime = await mkdtemp(join(tmpdir(), 'signalbox-bench-aws-'))
        const ended = await runDriver(moto, { ...next, region, runtime })
        killed += ended.wasKilled ? 1 : 0
        reaped += (await leftIn(region)).length
        await reapAll(region)
        left += (await leftIn(region)).length
        await rm(runtime, { recursive: true, force: true })
        if (runs.length % 20 === 0)
          report(`  ${runs.length} runs to go; ${killed} killed, ${reaped} things reaped, ${left} left`)
      }
    }),
  )
  report(
    `  ${killed} of ${KILLED_RUNS} runs were killed before they ended; ${reaped} things were reaped, ${left} are left`,
  )
  return left
}
