import { existsSync, globSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { SignalboxEvent } from '../events.ts'
import { comparable, createCliWorld, type CliResult } from './cli.test.fixture.ts'

const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())
const TIMEOUT_MS = 120_000

const run = async (corpus: string, ...args: readonly string[]) =>
  await world.signalbox(['run', ...args, ...world.target, ...world.corpus(corpus), '-j', '1'])

function eventsOfLatest(): readonly SignalboxEvent[] {
  return readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SignalboxEvent)
}

it(
  'runs every kind of outcome, names each cause in its first line, and exits with 1',
  { timeout: TIMEOUT_MS },
  async () => {
    const { exitCode, stdout, stderr } = await run('outcomes')
    expect(stderr).toBe('')
    await expect(comparable(stdout, world)).toMatchFileSnapshot('golden/outcomes.txt')
    expect(stdout).not.toMatch(/[\u0000-\u0008\u000B-\u001F]/)
    expect(exitCode).toBe(1)
    const shown = await world.signalbox(['report', 'show'])
    expect(shown.exitCode).toBe(1)
    expect(shown.stdout).toContain('4 passed')
    const tap = await world.signalbox(['report', 'show', '--format', 'tap'])
    expect(tap.stdout).toBe(readFileSync(join(world.output, 'latest', 'results.tap'), 'utf8'))
  },
)

it('colours nothing that no terminal shows, in CI either', { timeout: TIMEOUT_MS }, async () => {
  const args = ['list', ...world.target, ...world.corpus('outcomes')]
  const { stdout } = await world.signalbox(args, { CI: 'true' })
  expect(stdout).toContain('outcome.passes')
  const { stderr } = await world.signalbox(['run', '--no-such-flag'], { CI: 'true' })
  expect(stderr).toContain('error:')
  expect(stdout + stderr).not.toContain('\u001B')
})

it('shares one boot and keeps the verdicts apart', { timeout: TIMEOUT_MS }, async () => {
  const { exitCode, stdout } = await run('shared', '--no-fork')
  await expect(comparable(stdout, world)).toMatchFileSnapshot('golden/shared.txt')
  expect(exitCode).toBe(1)
  const boots = eventsOfLatest().filter(({ type }) => type === 'machine.created')
  expect(boots).toHaveLength(2)
})

it('runs tests apart when the boot that they shared fails', { timeout: TIMEOUT_MS }, async () => {
  const { exitCode, stdout } = await run('shared-boot-fails')
  expect(stdout).toMatch(/≈ broken\.a/)
  expect(stdout).toMatch(/✗ broken\.b-breaks-it/)
  expect(stdout).toMatch(/✓ broken\.c/)
  expect(exitCode).toBe(1)
})

it('retries faults of the platform once by their own budget', { timeout: TIMEOUT_MS }, async () => {
  const { exitCode, stdout } = await run('infra')
  await expect(comparable(stdout, world)).toMatchFileSnapshot('golden/infra.txt')
  expect(exitCode).toBe(3)
  const alone = await run('infra', 'infra.once')
  expect(alone.stdout).toContain('attempt 1 infra')
  expect(alone.stdout).toContain('1 passed')
  expect(alone.exitCode).toBe(0)
})

it('prints run.json with --json, and nothing else on standard output', { timeout: TIMEOUT_MS }, async () => {
  const { exitCode, stdout } = await run('outcomes', 'outcome.passes', '--json')
  expect(exitCode).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ schema: 'signalbox.run/2' })
})

it('stops starting tests after the first failure with --fail-fast', { timeout: TIMEOUT_MS }, async () => {
  const { exitCode, stdout } = await run('outcomes', 'outcome.fails-a-command', 'outcome.throws', '-x')
  expect(stdout).toMatch(/1 failed.*1 missing/)
  expect(exitCode).toBe(1)
})

it('makes a retried failure flaky only when it passes', { timeout: TIMEOUT_MS }, async () => {
  const { stdout, exitCode } = await run('outcomes', 'outcome.throws', '--retries', '1')
  expect(exitCode).toBe(1)
  expect(stdout).toContain('attempt 2')
})

it.each([
  [['run', '--jbos', '2'], /unknown option '--jbos'[^]*--jobs/],
  [['rnu'], /unknown command 'rnu'[^]*run/],
  [['run', '--platform', 'quemu'], /there is no platform "quemu"[^]*did you mean "qemu"/],
  [['run', '--jobs', 'many'], /whole number/],
  [
    ['run', 'outcome.pases', ...world.target, ...world.corpus('outcomes')],
    /no test matches[^]*"outcome.passes"/,
  ],
  [['run', '--platform', 'fake', '--image', '/nonexistent.img'], /\/nonexistent.img cannot be read: ENOENT/],
  [['run', '--platform', 'fake', '--image', join(world.folder, 'disk.raw')], /add --distro/],
  [['list', '--tests', '/nonexistent'], /there is no folder or file/],
  [['report', 'show', '-o', '/nonexistent'], /there are no runs/],
  [['report', 'show', '--format', 'tpa'], /unknown report format "tpa"[^]*"tap"/],
  [
    ['run', ...world.target, ...world.corpus('outcomes'), '-o', join(world.folder, 'disk.raw', 'x')],
    /results cannot be written/,
  ],
])('refuses %j with exit code 2 and says what to do', { timeout: TIMEOUT_MS }, async (args, message) => {
  const { exitCode, stderr, stdout } = await world.signalbox(args)
  expect(stderr).toMatch(message)
  expect(stderr).not.toMatch(/^\s+at /m)
  expect(stdout).toBe('')
  expect(exitCode).toBe(2)
})

it('lists tests and why one is skipped', { timeout: TIMEOUT_MS }, async () => {
  const { exitCode, stdout } = await world.signalbox([
    'list',
    'outcome.p*',
    ...world.target,
    ...world.corpus('outcomes'),
  ])
  expect(exitCode).toBe(0)
  expect(stdout).toContain('outcome.passes')
  expect(stdout).toContain('a body that is content')
  expect(stdout).not.toContain('outcome.throws')
})

it("lists kola's tests, and what each needs on the target", { timeout: TIMEOUT_MS }, async () => {
  const list = async (...names: readonly string[]) =>
    await world.signalbox(['list', '--kola', ...names, ...world.target])
  const { exitCode, stdout } = await list(
    'cl.basic',
    'cl.cgroupv1',
    'kubeadm.v1.36.1.calico.base',
    'cl.ignition.v1.noop',
  )
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/^runs {3}cl\.basic .* boot\.targets/m)
  expect(stdout).toMatch(/^needs {2}cl\.cgroupv1 +cgroups\.legacy\n +needs distro flatcar/m)
  expect(stdout).toMatch(
    /^needs {2}kubeadm\.v1\.36\.1\.calico\.base +kubernetes\.\S+\n +needs .*internet around the machines/m,
  )
  expect(stdout).toMatch(/^none {3}cl\.ignition\.v1\.noop\n +needs /m)
  expect(stdout).toMatch(/^4 tests of kola for \S+: 1 run, 2 need something, 1 have no twin here$/m)
  const unknown = await list('cl.basik')
  expect(unknown.exitCode).toBe(2)
  expect(unknown.stderr).toContain('cl.basic')
})

it('gives every machine what --append-ignition names', { timeout: TIMEOUT_MS }, async () => {
  const file = join(world.folder, 'appended.ign')
  const appending = async (): Promise<CliResult> =>
    await world.signalbox([
      'run',
      'outcome.passes',
      '--append-ignition',
      file,
      ...world.target,
      ...world.corpus('outcomes'),
    ])
  expect((await appending()).stderr).toMatch(/appended\.ign cannot be read: ENOENT/)
  writeFileSync(file, '{"ignition": {"version": "3.0.0"}, "storage": {"files": [{"path": "etc/x"}]}}')
  const wrong = await appending()
  expect(wrong.stderr).toContain(file)
  expect(wrong.exitCode).toBe(2)
  const text = JSON.stringify({
    ignition: { version: '3.0.0' },
    storage: { files: [{ path: '/etc/appended', contents: { source: 'data:,here' } }] },
  })
  writeFileSync(file, text)
  expect((await appending()).stdout).toContain('1 passed')
  const [machine = ''] = globSync('**/ignition.json', { cwd: join(world.output, 'latest') })
  expect(readFileSync(join(world.output, 'latest', machine), 'utf8')).toContain(
    Buffer.from(text).toString('base64'),
  )
})

it('stops, cleans up and writes the reports on Ctrl-C', { timeout: TIMEOUT_MS }, async () => {
  const child = world.start(['run', 'outcome.waits', ...world.target, ...world.corpus('waiting')])
  let said = ''
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const folder = await waitForBody()
  child.kill('SIGINT')
  const [exitCode] = (await once(child, 'close')) as [number | null]
  expect(exitCode).toBe(130)
  expect(said).toMatch(/1 missing/)
  const types = readFileSync(join(folder, 'events.jsonl'), 'utf8')
  expect(types).toContain('"machine.destroyed"')
  expect(readdirSync(folder)).toEqual(
    expect.arrayContaining(['junit.xml', 'results.tap', 'run.json', 'summary.md']),
  )
})

it(
  'loses nothing when it is killed: the report shows everything up to the last event',
  { timeout: TIMEOUT_MS },
  async () => {
    const child = world.start(['run', ...world.target, ...world.corpus('waiting'), '-j', '1'])
    const folder = await waitForBody()
    child.kill('SIGKILL')
    await once(child, 'close')
    const { exitCode, stdout } = await world.signalbox(['report', 'show', folder])
    expect(exitCode).toBe(3)
    expect(stdout).toMatch(/outcome.waits/)
    expect(stdout).toMatch(/missing/)
  },
)

/** The folder of the newest run, once its body runs. */
async function waitForBody(): Promise<string> {
  const before = new Set(safeRuns())
  for (;;) {
    const fresh = safeRuns().find((name) => !before.has(name))
    if (fresh !== undefined) {
      const path = join(world.output, fresh, 'events.jsonl')
      // The folder is there a moment before the file.
      const events = existsSync(path) ? readFileSync(path, 'utf8') : ''
      if (/"phase.started"[^\n]*"body"/.test(events)) return join(world.output, fresh)
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
  }
}

function safeRuns(): readonly string[] {
  return readdirSync(world.output).filter((name) => /^\d{8}-/.test(name))
}
