// The record that a run leaves, through the real command line: what tests measure, what the OS calls itself, the plan.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { planDigestOf, readRunRecords } from '../../reports/index.ts'
import type { SignalboxEvent } from '../events.ts'
import { createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())

it(
  'holds metrics, the identity of the OS from boots and forks alike, and a plan that can be checked',
  { timeout: 300_000 },
  async () => {
    const ran = await world.signalbox(['run', ...world.target, ...world.corpus('metrics'), '-j', '1'])
    expect(ran.exitCode).toBe(1)
    const { records, notices } = await readRunRecords([join(world.output, 'latest')])
    expect(notices).toEqual([])
    const run = records[0]?.run
    if (run === undefined) throw new Error('no record')
    expect(run).toMatchObject({
      osRelease: { ID: 'reference', VERSION_ID: '1.0.0' },
      platformFacts: { accelerator: 'none' },
    })
    expect(planDigestOf(run)).toBe(run.plan?.digest)
    expect(JSON.parse(readFileSync(join(world.output, 'latest', 'run.json'), 'utf8'))).toMatchObject({
      schema: 'signalbox.run/2',
      runs: [JSON.parse(JSON.stringify(run))],
    })
    const [good, badName, noNumber] = ['metric.good', 'metric.bad-name', 'metric.no-number'].map(
      (name) => run.tests.find((item) => item.test === name)?.attempts[0],
    )
    const measured = good?.metrics?.filter(({ name }) => !/^(?:boot|memory)\./.test(name))
    expect(measured).toEqual([
      { name: 'disk.used', value: 42.5, unit: 'MiB' },
      { name: 'answers', value: 3, unit: '' },
    ])
    expect(badName?.failures[0]?.message).toMatch(/"Disk Used" cannot be the name of a metric/)
    expect(noNumber?.failures[0]?.message).toMatch(/disk\.used is NaN/)
    expect(new Set([badName?.fingerprint, noNumber?.fingerprint]).size).toBe(2)

    const events = readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as SignalboxEvent)
    const origins = new Map(
      events.flatMap((event) =>
        event.type === 'machine.created' ? [[event.machine, event.origin] as const] : [],
      ),
    )
    const identified = events.flatMap((event) =>
      event.type === 'machine.identified' ? [origins.get(event.machine)] : [],
    )
    expect(new Set(identified)).toEqual(new Set(['cold', 'fork']))
  },
)
