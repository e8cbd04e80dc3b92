import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { packageRoot } from '../package-root.ts'
import { identifyProcess } from '../process.ts'
import { comparable, createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())
const TIMEOUT_MS = 120_000
const project = join(world.folder, 'project')
mkdirSync(project)
const program = join(packageRoot, 'harness', 'services', 'service.test.fixture.ts')
const corpus = (name: string): string => join(import.meta.dirname, 'corpus', `${name}.test.corpus.ts`)
const pidFile = join(world.folder, 'child.pid')

interface Wish {
  readonly tests: string
  readonly services?: Readonly<Record<string, object>>
  readonly reporters?: readonly unknown[]
}

function config({ tests, ...rest }: Wish): void {
  const fake = {
    platform: 'fake',
    image: '../disk.raw',
    distro: 'reference',
    jobs: 1,
    tests: [corpus(tests)],
  }
  writeFileSync(join(project, 'signalbox.config.json'), JSON.stringify({ ...fake, ...rest }))
}

const service = (args: readonly string[], ready: object = { line: 'ready' }): object => ({
  command: [process.execPath, program, ...args],
  ready,
  readyTimeoutSeconds: 20,
})

const run = async (...args: readonly string[]) => {
  const result = await world.signalbox(['run', ...args], {}, project)
  return { ...result, stdout: comparable(result.stdout, world), stderr: comparable(result.stderr, world) }
}

const latest = (...path: readonly string[]): string =>
  readFileSync(join(world.output, 'latest', ...path), 'utf8')
const isRunning = (pid: number): boolean => identifyProcess(pid) !== undefined
const child = (): number => Number(readFileSync(pidFile, 'utf8'))

it('runs beside the tests, is stopped after them, and leaves its log', { timeout: TIMEOUT_MS }, async () => {
  config({ tests: 'outcomes', services: { web: service(['has-a-child', pidFile]) } })
  const { exitCode, stderr } = await run('outcome.passes')
  expect(exitCode).toBe(0)
  expect(stderr).toBe('warning: service "web" did not end on SIGTERM and was killed\n')
  expect(latest('services', 'web.log')).toBe('ready\nno\n')
  expect(isRunning(child())).toBe(false)
})

it(
  'fails the run as infrastructure when it is never ready: nothing is run',
  { timeout: TIMEOUT_MS },
  async () => {
    config({ tests: 'outcomes', services: { web: service(['ends', '3']) } })
    const { exitCode, stdout, stderr } = await run('outcome.passes')
    expect(stderr.replaceAll(/results\/\S+?\/services/g, 'results/<run>/services')).toBe(
      [
        'error: service "web" ended with exit status 3',
        '  there is no database',
        '  so I give up',
        'hint: its log is <folder>/results/<run>/services/web.log',
        '',
      ].join('\n'),
    )
    expect(stdout).not.toContain('outcome.passes')
    expect(exitCode).toBe(3)
  },
)

it(
  'ends the run as infrastructure when it dies, with its last lines in every report',
  { timeout: TIMEOUT_MS },
  async () => {
    config({ tests: 'waiting', services: { web: service(['ends-later', '3000']) } })
    const { exitCode, stdout } = await run()
    expect(stdout).toMatch(
      /! service "web" ended with exit status 7\n {4}hint: its log is .*web\.log\n {4}│ ready\n {4}│ the disk is on fire\n/,
    )
    expect(stdout).toContain('the run was aborted: service "web" ended with exit status 7')
    expect(stdout).not.toContain('interrupted')
    expect(exitCode).toBe(3)
    for (const report of ['junit.xml', 'summary.md', 'run.json'])
      expect(latest(report)).toContain('the disk is on fire')
    expect(latest('results.tap')).toMatch(/^not ok .* was aborted: service "web" ended with exit status 7$/m)
    expect((await world.signalbox(['report', 'show'])).exitCode).toBe(3)
  },
)

async function untilBody(): Promise<void> {
  await expect.poll(() => latest('events.jsonl'), { timeout: 60_000 }).toMatch(/"phase.started"[^\n]*"body"/)
}

async function startWaiting() {
  const name = `web-${randomBytes(4).toString('hex')}`
  config({ tests: 'waiting', services: { [name]: service(['has-a-child', pidFile]) } })
  writeFileSync(pidFile, '0')
  const harness = world.start(['run'], {}, project)
  await expect.poll(child, { timeout: 60_000 }).toBeGreaterThan(0)
  await expect.poll(() => latest('services', `${name}.log`), { timeout: 60_000 }).toContain('ready')
  await untilBody()
  return harness
}

it('is stopped on Ctrl-C', { timeout: TIMEOUT_MS }, async () => {
  const harness = await startWaiting()
  harness.kill('SIGINT')
  expect(await once(harness, 'close')).toEqual([130, null])
  expect(isRunning(child())).toBe(false)
})

it('is ended, with all it started, also when the harness is killed', { timeout: TIMEOUT_MS }, async () => {
  const harness = await startWaiting()
  const pid = child()
  expect(isRunning(pid)).toBe(true)
  harness.kill('SIGKILL')
  await once(harness, 'close')
  // It ignores SIGTERM, so it lives until the grace period is over.
  await expect.poll(() => isRunning(pid), { timeout: 30_000, interval: 100 }).toBe(false)
})

it('writes the reports that the config names, where it names them', { timeout: TIMEOUT_MS }, async () => {
  const own = join(project, 'reporter.mjs')
  writeFileSync(
    own,
    `import { writeFileSync } from 'node:fs'
    export default ({ runFolder, options }) => {
      const types = []
      return {
        onEvent: ({ type }) => void types.push(type),
        end: async () => writeFileSync(runFolder + '/own.txt', options.title + ' ' + types.at(0) + ' ' + types.at(-1)),
      }
    }`,
  )
  config({
    tests: 'outcomes',
    reporters: [
      'json',
      { format: 'junit', file: 'out/all.xml' },
      { module: './reporter.mjs', options: { title: 'own' } },
    ],
  })
  const { exitCode, stdout, stderr } = await run('outcome.passes')
  expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: '', stderr: '' })
  expect(readFileSync(join(project, 'out', 'all.xml'), 'utf8')).toContain('outcome.passes')
  expect(latest('own.txt')).toBe('own run.started run.finished')
  const files = readdirSync(join(world.output, 'latest')).toSorted()
  expect(files).toEqual(['attempts', 'events.jsonl', 'own.txt', 'run.json'])
})

it.each([
  ['export default 1', /the reporter .*broken\.mjs has no function as its default export/],
  ['export default () => 1', /the reporter .*broken\.mjs returned no reporter/],
  ["throw new Error('no')", /the reporter .*broken\.mjs cannot be loaded: no/],
  [
    "export default () => { throw new Error('not today') }",
    /the reporter .*broken\.mjs cannot be started: not today/,
  ],
])('refuses the reporter %j', { timeout: TIMEOUT_MS }, async (text, message) => {
  writeFileSync(join(project, 'broken.mjs'), text)
  config({ tests: 'outcomes', reporters: [{ module: './broken.mjs' }] })
  const { exitCode, stderr } = await run('outcome.passes')
  expect(stderr).toMatch(message)
  expect(exitCode).toBe(2)
})

it('goes on when a reporter of the user throws', { timeout: TIMEOUT_MS }, async () => {
  const text =
    "export default () => ({ onEvent() { throw new Error('oops') }, end() { throw new Error('again') } })"
  writeFileSync(join(project, 'throws.mjs'), text)
  config({ tests: 'outcomes', reporters: ['list', { module: './throws.mjs' }] })
  const { exitCode, stdout, stderr } = await run('outcome.passes')
  expect(stdout).toContain('1 passed')
  expect(stderr).toMatch(/warning: the .*throws\.mjs reporter failed and is switched off: oops/)
  expect(stderr).toMatch(/warning: the reporter .*throws\.mjs failed at its end: again/)
  expect(exitCode).toBe(0)
})
