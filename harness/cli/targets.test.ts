import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { SignalboxEvent } from '../events.ts'
import { packageRoot } from '../package-root.ts'
import { comparable, createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())
const TIMEOUT_MS = 120_000
const project = join(world.folder, 'project')
mkdirSync(project)

const fake = { platform: 'fake', image: '../disk.raw', distro: 'reference', jobs: 1 }
const corpus = (name: string): readonly string[] => [
  join(import.meta.dirname, 'corpus', `${name}.test.corpus.ts`),
]

function config(value: Readonly<Record<string, unknown>>): void {
  writeFileSync(join(project, 'signalbox.config.json'), JSON.stringify({ ...fake, ...value }))
}

const signalbox = async (...args: readonly string[]) => await world.signalbox(args, {}, project)

function events(): readonly SignalboxEvent[] {
  const text = readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SignalboxEvent)
}

const three = {
  tests: corpus('outcomes'),
  targets: {
    uefi: { firmware: 'uefi' },
    bios: { firmware: 'bios', channel: 'beta', excludeTags: ['good'], memoryMiB: 2048 },
    gone: { image: './none.raw' },
  },
}

it(
  'runs every target as one: a cell each in one report, also of one that cannot be had',
  { timeout: TIMEOUT_MS },
  async () => {
    config(three)
    const { exitCode, stdout, stderr } = await signalbox('run', 'outcome.passes', 'outcome.throws')
    expect(stderr).toBe('')
    await expect(comparable(stdout, world).replaceAll(packageRoot, '<package>')).toMatchFileSnapshot(
      'golden/targets.txt',
    )
    expect(exitCode).toBe(1)
    const shown = await signalbox('report', 'show')
    expect(shown.exitCode).toBe(1)
    expect(shown.stdout).toContain('gone cannot be had: the image')
    const tap = readFileSync(join(world.output, 'latest', 'results.tap'), 'utf8')
    expect(tap).toMatch(
      /^1\.\.5\nok 1 - bios outcome\.passes # SKIP the target bios excludes the tag "good"$/m,
    )
    expect(tap).toMatch(/^not ok 5 - gone cannot be had: /m)
    const junit = readFileSync(join(world.output, 'latest', 'junit.xml'), 'utf8')
    expect(junit).toMatch(/<testsuites name="signalbox" tests="5" failures="2" errors="1" skipped="1">/)
    for (const event of events()) {
      if (event.type === 'attachment') readFileSync(join(world.output, 'latest', event.path))
    }
  },
)

it('says what is wrong with a target although the others passed', { timeout: TIMEOUT_MS }, async () => {
  config(three)
  const { exitCode } = await signalbox('run', 'outcome.passes')
  expect(exitCode).toBe(2)
  expect((await signalbox('report', 'show')).exitCode).toBe(2)
})

it('runs those that are chosen, and one as if it were alone', { timeout: TIMEOUT_MS }, async () => {
  config(three)
  const { exitCode, stdout } = await signalbox('run', 'outcome.passes', '--target', '!gone', '!bios')
  expect(stdout).toMatch(/^ {2}uefi · reference/)
  expect(exitCode).toBe(0)
  const { run } = events()[0] ?? { run: '' }
  expect(run).toMatch(/^\d{8}-\d{6}-[0-9a-f]{6}$/)
})

it('lets a flag replace what each target says', { timeout: TIMEOUT_MS }, async () => {
  const targets = { bios: { firmware: 'bios' }, beta: { channel: 'beta', excludeTags: ['good'] } }
  config({ tests: corpus('outcomes'), channel: 'alpha', targets })
  const list = async (...args: readonly string[]): Promise<unknown> => {
    const { stdout } = await signalbox('list', 'outcome.passes', '--json', ...args)
    return (JSON.parse(stdout) as { targets: unknown }).targets
  }
  const skip = 'the target beta excludes the tag "good"'
  expect(await list()).toMatchObject([
    { target: { name: 'bios', firmware: 'bios', channel: 'alpha' }, tests: [{ skip: null }] },
    { target: { name: 'beta', firmware: 'uefi', channel: 'beta' }, tests: [{ skip }] },
  ])
  expect(await list('--channel', 'lts', '--firmware', 'uefi')).toMatchObject([
    { target: { name: 'bios', firmware: 'uefi', channel: 'lts' } },
    { target: { name: 'beta', firmware: 'uefi', channel: 'lts' }, tests: [{ skip }] },
  ])
})

// Targets of other tests have recorded durations, by which jobs are ordered.
it.each([
  ['first', 'second', 2, true],
  ['third', 'fourth', 1, false],
])('runs %s and %s with %i jobs among them', { timeout: TIMEOUT_MS }, async (one, other, jobs, isBeside) => {
  config({ jobs, tests: corpus('outcomes'), targets: { [one]: {}, [other]: {} } })
  expect((await signalbox('run', 'outcome.passes')).exitCode).toBe(0)
  const indexOf = (cell: string, type: SignalboxEvent['type']): number =>
    events().findIndex((event) => event.type === type && event.run.endsWith(`.${cell}`))
  expect(indexOf(other, 'run.planned')).toBeLessThan(indexOf(one, 'attempt.started'))
  expect(indexOf(other, 'attempt.started') < indexOf(one, 'attempt.finished')).toBe(isBeside)
})

it(
  'starts nothing more in any target after a failure with --fail-fast',
  { timeout: TIMEOUT_MS },
  async () => {
    config({ tests: corpus('outcomes'), targets: { fifth: {}, sixth: {} } })
    const { exitCode, stdout } = await signalbox('run', 'outcome.throws', 'outcome.passes', '-x')
    // One job at a time: each target's template with the test that passes, then the first that fails.
    expect(stdout).toMatch(
      /✓ \[fifth\] outcome\.passes[^]*✓ \[sixth\] outcome\.passes[^]*✗ \[fifth\] outcome\.throws/,
    )
    expect(stdout).toMatch(/missing \(never finished\): sixth outcome\.throws\n/)
    expect(exitCode).toBe(1)
  },
)

it('ends all targets on Ctrl-C, and says so of each', { timeout: TIMEOUT_MS }, async () => {
  config({ tests: corpus('waiting'), targets: { early: {}, late: {} } })
  const child = world.start(['run', 'outcome.waits'], {}, project)
  let said = ''
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await expect
    .poll(() => readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8'), { timeout: 60_000 })
    .toMatch(/"early"[^]*"phase.started"[^\n]*"body"/)
  child.kill('SIGINT')
  const [exitCode] = (await once(child, 'close')) as [number | null]
  expect(exitCode).toBe(130)
  expect(said).toMatch(/early was interrupted by SIGINT\n[^]*late was interrupted by SIGINT\n/)
  expect(events().filter(({ type }) => type === 'machine.destroyed').length).toBeGreaterThan(0)
  expect((await signalbox('report', 'show')).exitCode).toBe(130)
})

it('refuses a test that no target knows, and runs nothing', { timeout: TIMEOUT_MS }, async () => {
  config(three)
  const { exitCode, stderr, stdout } = await signalbox('run', 'outcome.pases')
  expect(stderr).toMatch(/no test matches "outcome.pases"/)
  expect(stdout).toBe('')
  expect(exitCode).toBe(2)
})

it.each([
  [['run', '--target', 'uefy'], /no target matches "uefy"\nhint: did you mean "uefi"\?/],
  [['spawn', '--target', '!*'], /leaves no target/],
])('refuses %j', { timeout: TIMEOUT_MS }, async (args, message) => {
  config(three)
  const { exitCode, stderr } = await signalbox(...args)
  expect(stderr).toMatch(message)
  expect(exitCode).toBe(2)
})

it('gives memory and CPUs to machines whose tests do not say', { timeout: TIMEOUT_MS }, async () => {
  config({ tests: corpus('outcomes'), targets: { big: { memoryMiB: 5000 } } })
  const { stdout } = await signalbox('run', 'outcome.passes')
  // The fake refuses what is over 4096.
  expect(stdout).toMatch(/skipped: needs 5000 MiB of memory a machine; the fake has 4 GiB/)
})
