// No orphans: a real process is killed (SIGKILL) at every request that a run makes to AWS, after it is done and before it is answered; the reaper, which
// knows tags alone, then removes whatever is there.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { leftIn, reapAll, runDriver, type KilledRun } from './killed-run.test.fixture.ts'
import { awsEnvironment, startMoto } from './moto.test.fixture.ts'

/** Runs in several regions do not see each other: two at once take less time. */
const REGIONS = ['us-east-1', 'us-west-2']

const moto = await startMoto()
const folder = mkdtempSync(join(tmpdir(), 'aws-orphans-'))
process.env['SIGNALBOX_RUNTIME'] = join(folder, 'reaper')
Object.assign(process.env, awsEnvironment(moto.directUrl), { SIGNALBOX_AWS_REQUESTS: '1000' })
afterAll(async () => {
  await moto[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

// Over EC2's limit for configs, so that a bucket and an object are among what is made.
const plain = { machines: 1, configBytes: 20_000, kill: undefined }

test('a run that is killed at any of its requests leaves nothing that the reaper does not remove', async () => {
  const whole = await runDriver(moto, {
    ...plain,
    region: 'us-east-1',
    run: 'whole',
    runtime: join(folder, 'whole'),
  })
  expect(whole).toMatchObject({ wasKilled: false, exitCode: 0, stderr: '' })
  expect(whole.requests).toEqual(
    expect.arrayContaining(['CreateVpc', 'RunInstances', 'TerminateInstances', 'DeleteVpc']),
  )
  expect(await leftIn('us-east-1')).toEqual([])

  // Before the first one, and after each: before another is as after the one in front of it, as far as AWS knows.
  const kills: KilledRun['kill'][] = [
    { request: 0, when: 'before' },
    ...whole.requests.map((_, request) => ({ request, when: 'after' as const })),
  ]
  let killed = 0
  let withLeftovers = 0
  await Promise.all(
    REGIONS.map(async (region) => {
      for (let kill = kills.pop(); kill !== undefined; kill = kills.pop()) {
        const run = `${kill.when}-${kill.request}`
        const ended = await runDriver(moto, { ...plain, region, run, kill, runtime: join(folder, run) })
        killed += ended.wasKilled ? 1 : 0
        withLeftovers += (await leftIn(region)).length > 0 ? 1 : 0
        expect(await reapAll(region), run).toEqual([])
        expect(await leftIn(region), run).toEqual([])
      }
    }),
  )
  // Polls make the number of requests differ by a few.
  expect(killed).toBeGreaterThan(whole.requests.length - 5)
  expect(withLeftovers).toBeGreaterThan(killed / 2)
}, 600_000)
