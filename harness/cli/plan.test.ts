// `signalbox plan` through the real command line, on the fake platform: what it says, and that a run does just that.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { SignalboxEvent } from '../events.ts'
import { createCliWorld, type CliResult } from './cli.test.fixture.ts'
import type { PlanDocument, PlannedTarget } from './commands/plan.ts'

const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())
const SLOW = { timeout: 120_000 }
const TARGET = 'fake-x86_64-uefi-unknown'

const call = async (command: string, ...args: readonly string[]): Promise<CliResult> =>
  await world.signalbox([command, ...args, ...world.target, ...world.corpus('plan')])

async function planned(...args: readonly string[]): Promise<Extract<PlannedTarget, { kind: 'planned' }>> {
  const { stdout } = await call('plan', ...args, '--json')
  const [target] = (JSON.parse(stdout) as PlanDocument).targets
  if (target?.kind !== 'planned') throw new Error(`nothing is planned: ${stdout}`)
  return target
}

const namesOf = ({ jobs }: Extract<PlannedTarget, { kind: 'planned' }>): readonly string[] =>
  jobs.flatMap(({ members }) => members.map(({ test }) => test)).toSorted()

function eventsOfLatest(): readonly SignalboxEvent[] {
  return readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SignalboxEvent)
}

describe('without anything having run', () => {
  it('says all that a run would do, in CI too without colours, and starts nothing', SLOW, async () => {
    const args = ['plan', ...world.target, ...world.corpus('plan')]
    const result = await world.signalbox(args, { CI: 'true' })
    await expect(result.stdout).toMatchFileSnapshot('golden/plan.txt')
    expect(result).toMatchObject({ exitCode: 0, stderr: '' })
    expect(existsSync(world.output)).toBe(false)
  })

  it('says the same to run --plan', SLOW, async () => {
    const args = ['equal.*', 'first-boot', '--no-fork', '-j', '2']
    const [plan, run] = [await call('plan', ...args), await call('run', '--plan', ...args)]
    expect(run).toEqual(plan)
    expect(plan.stdout).toMatch(/^ {2}equal\.b .* booted: --no-fork$/m)
    expect(plan.stdout).toMatch(/at most 2 jobs at once$/m)
    expect(existsSync(world.output)).toBe(false)
  })

  it('gives it as data', SLOW, async () => {
    const { stdout } = await call('plan', 'equal.*', 'unmet.several', '--json')
    const text = stdout
      .replaceAll(/sha256:[0-9a-f]{64}/g, 'sha256:<hex>')
      .replaceAll(/"[0-9a-f]{12}"/g, '"<hex>"')
    await expect(text).toMatchFileSnapshot('golden/plan.json')
  })
})

it('goes by the options of a run: names, tags, places, shards, repetitions', SLOW, async () => {
  const corpus = join(import.meta.dirname, 'corpus', 'plan.test.corpus.ts')
  const line = readFileSync(corpus, 'utf8')
    .split('\n')
    .indexOf("test('first-boot', { firstBoot: true }, body)")
  expect(namesOf(await planned(`${corpus}:${line + 1}`))).toEqual(['first-boot'])
  const shards = [
    await planned('equal', 'merged', '--shard', '1/2'),
    await planned('equal', 'merged', '--shard', '2/2'),
  ]
  expect(shards.flatMap(namesOf).toSorted()).toEqual([
    'equal.a',
    'equal.b',
    'equal.c',
    'merged.one',
    'merged.two',
  ])
  expect(shards[1]).toMatchObject({ shard: { index: 2, count: 2 } })
  const repeated = await planned('equal', '--repeat', '4')
  expect(repeated).toMatchObject({ repeat: 4, totals: { tests: 3, machines: 13 } })
  const empty = await call('plan', 'first-boot', '--shard', '2/2')
  expect(empty).toMatchObject({
    exitCode: 0,
    stdout: 'there is nothing for shard 2 of 2: 1 tests were selected\n',
  })
})

it('tells recorded durations from guesses', SLOW, async () => {
  const durations = join(world.folder, 'durations.json')
  const took = { [`${TARGET} equal.a`]: 30_000, [`${TARGET} first-boot`]: 90_000 }
  writeFileSync(durations, JSON.stringify(took))
  const { stdout } = await call('plan', 'equal', 'first-boot', '--durations', durations)
  expect(stdout).toMatch(/^ {4}equal\.a .* 30 s$/m)
  expect(stdout).toMatch(/^ {4}equal\.b .* ~7\.0 s$/m)
  expect(stdout).toMatch(/^ {2}first-boot .* {2}90 s {2}booted/m)
  expect(stdout).toContain('time       about 1.5 minutes without retries')
  expect(stdout).toContain('estimates  2 recorded, 2 guessed (~: 5.0 s a test, 15 s a boot, 2.0 s a fork)')
})

it('knows failures that are known', SLOW, async () => {
  const known = join(world.folder, 'known.yaml')
  writeFileSync(
    known,
    '- { pattern: equal.a, mode: skip, reason: it hangs }\n- { pattern: equal.b, mode: warn, reason: it is slow }\n',
  )
  const { stdout } = await call('plan', 'equal', '--known-failures', known)
  expect(stdout).toMatch(/^ {2}equal\.a +skipped: .*it hangs/m)
  expect(stdout).toMatch(/^ {4}equal\.b .*may fail: known failure: it is slow$/m)
})

it('skips in a run, for the reasons that it says, what cannot be had', SLOW, async () => {
  const plan = await planned('unmet.*', 'equal.a')
  const run = await call('run', 'unmet.*', 'equal.a')
  expect(run.exitCode).toBe(0)
  const events = eventsOfLatest()
  expect(events.find(({ type }) => type === 'run.planned')).toMatchObject({ digest: plan.digest })
  const skipped = events.flatMap((event) =>
    event.type === 'test.finished' && event.verdict === 'skipped'
      ? [{ test: event.test, reason: event.reason }]
      : [],
  )
  expect(skipped).toEqual(plan.skipped)
  expect(skipped.map(({ test }) => test)).toContain('unmet.machines')
  expect(run.stdout).toContain(
    "unmet.machines  skipped: needs 5 GiB of memory for its 5 machines; the largest that fits this host's budget is 4 GiB",
  )
  const again = await call('plan', '--last-failed')
  expect(again).toMatchObject({ exitCode: 0 })
  expect(again.stdout).toMatch(/^nothing failed in /)
})

describe('of several targets', () => {
  const project = join(world.folder, 'project')
  mkdirSync(project)
  const config = (targets: object): void => {
    const tests = [join(import.meta.dirname, 'corpus', 'plan.test.corpus.ts')]
    const value = { platform: 'fake', image: '../disk.raw', distro: 'reference', tests, targets }
    writeFileSync(join(project, 'signalbox.config.json'), JSON.stringify(value))
  }
  // What the tests before have recorded would be lent.
  const env = { SIGNALBOX_CACHE: join(world.folder, 'empty-cache') }
  const signalbox = async (...args: readonly string[]): Promise<CliResult> =>
    await world.signalbox(args, env, project)

  it('plans each, says what is wrong with one, and exits as a run would', SLOW, async () => {
    config({ uefi: {}, bios: { firmware: 'bios', memoryMiB: 8192 }, gone: { image: './none.raw' } })
    const { exitCode, stdout, stderr } = await signalbox('plan', 'equal.a', 'unmet.firmware')
    await expect(stdout.replaceAll(world.folder, '<folder>')).toMatchFileSnapshot('golden/plan-targets.txt')
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: '' })
    const two = await signalbox('plan', 'equal.a', '--target', '!gone')
    expect(two.exitCode).toBe(0)
    const json = await signalbox('plan', 'equal.a', '--target', '!bios', '--json')
    expect(JSON.parse(json.stdout)).toMatchObject({
      schemaVersion: 1,
      targets: [
        { kind: 'planned', target: { name: 'uefi' } },
        { kind: 'unusable', name: 'gone', code: 'image-missing' },
      ],
    })
  })
})

it.each<[readonly string[], RegExp]>([
  [['equal.aa'], /no test matches "equal.aa"[^]*did you mean "equal.a"/],
  [['-t', 'nope'], /no test has the tag "nope"/],
  [['--shard', '3/2'], /It must be like 2\/5/],
  [['--repeat', '2', '--retries', '1'], /--repeat and --retries do not go together/],
  [['--keep'], /the platform fake cannot keep machines/],
  [['--keep', '--on-failure', 'shell'], /contradict each other/],
  [['--no-such-flag'], /unknown option '--no-such-flag'/],
  [['--changed=nope'], /git knows no commit "nope"/],
])('refuses %j as a run does', SLOW, async (args, message) => {
  const [plan, run] = [await call('plan', ...args), await call('run', ...args)]
  expect(plan.stderr).toMatch(message)
  expect({ ...plan, stdout: '' }).toEqual({ ...run, stdout: '' })
  expect(plan).toMatchObject({ exitCode: 2, stdout: '' })
})

it('builds no image to plan', SLOW, async () => {
  const { exitCode, stderr } = await world.signalbox(['plan', '--platform', 'fake'])
  expect(stderr).toMatch(/the reference image is not built yet[^]*signalbox image build/)
  expect(exitCode).toBe(2)
})
