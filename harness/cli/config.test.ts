import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { comparable, createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())
const TIMEOUT_MS = 120_000
const project = join(world.folder, 'project')
const corpus = join(import.meta.dirname, 'corpus', 'outcomes.test.corpus.ts')
const fake = { platform: 'fake', image: '../disk.raw', distro: 'reference' }

beforeEach(() => {
  rmSync(project, { recursive: true, force: true })
  mkdirSync(join(project, 'deep', 'down'), { recursive: true })
})

function write(name: string, text: string): void {
  mkdirSync(dirname(join(project, name)), { recursive: true })
  writeFileSync(join(project, name), text)
}

const config = (value: unknown, name = 'signalbox.config.json'): void => write(name, JSON.stringify(value))

const signalbox = async (args: readonly string[], cwd = project, env = {}) => {
  const result = await world.signalbox(args, env, cwd)
  return { ...result, stderr: comparable(result.stderr, world), stdout: comparable(result.stdout, world) }
}

it('is found above the working directory, and says what is run', { timeout: TIMEOUT_MS }, async () => {
  config({ ...fake, tests: [corpus], channel: 'beta' })
  const { stdout, stderr, exitCode } = await signalbox(
    ['list', 'outcome.passes'],
    join(project, 'deep', 'down'),
  )
  expect(stderr).toBe('')
  expect(stdout).toContain('1 test for fake-x86_64-uefi-beta')
  expect(exitCode).toBe(0)
})

it.each(['ts', 'mts', 'js', 'mjs'])('is read from .%s', { timeout: TIMEOUT_MS }, async (ending) => {
  const types = ending.endsWith('ts') ? ': string' : ''
  const text = `const channel${types} = 'of-${ending}'\nexport default ${JSON.stringify({ ...fake, tests: [corpus] }).replace('}', ', channel }')}\n`
  write('package.json', '{ "type": "module" }')
  write(`signalbox.config.${ending}`, text)
  expect((await signalbox(['list'])).stdout).toContain(`tests for fake-x86_64-uefi-of-${ending}`)
})

it('gives way to the environment, and that to the command line', { timeout: TIMEOUT_MS }, async () => {
  config({ ...fake, tests: [corpus], channel: 'beta' })
  const env = { SIGNALBOX_CHANNEL: 'edge' }
  expect((await signalbox(['list'], project, env)).stdout).toContain('fake-x86_64-uefi-edge')
  const last = await signalbox(['list', '--channel', 'lts'], project, env)
  expect(last.stdout).toContain('fake-x86_64-uefi-lts')
})

it('is replaced by --config', { timeout: TIMEOUT_MS }, async () => {
  config({ nonsense: true })
  config({ ...fake, image: '../../disk.raw', tests: [corpus], channel: 'other' }, 'deep/mine.json')
  const { stdout } = await signalbox(['list', '--config', 'deep/mine.json'])
  expect(stdout).toContain('fake-x86_64-uefi-other')
})

it('is not looked at by commands that take nothing from it', { timeout: TIMEOUT_MS }, async () => {
  config({ nonsense: true })
  expect((await signalbox(['gc'])).exitCode).toBe(0)
})

const file = '<folder>/project/signalbox.config'

it.each<[string, Readonly<Record<string, string>>, string]>([
  [
    'an unknown key',
    { json: '{ "retires": 1 }' },
    `error: ${file}.json: unknown key "retires"\nhint: did you mean "retries"?`,
  ],
  [
    'a wrong value',
    { json: '{ "jobs": "many" }' },
    `error: ${file}.json: "jobs" must be a whole number from 1 to 1000; it is "many"\n`,
  ],
  [
    'a word that is none',
    { json: '{ "firmware": "uefy" }' },
    `error: ${file}.json: "firmware" must be one of direct, bios, uefi, uefi-secure; it is "uefy"\nhint: did you mean "uefi"?`,
  ],
  [
    'a list',
    { json: '[]' },
    `error: ${file}.json: the default export must be an object of options; it is []\n`,
  ],
  [
    'broken JSON',
    { json: '{\n  "jobs": 1,\n}' },
    `error: the config ${file}.json:3:1 is no JSON\n\n     1 | {\n     2 |   "jobs": 1,\n>    3 | }\n       | ^\n`,
  ],
  [
    'broken TypeScript',
    { ts: 'export default {\n  jobs: 2,,\n}\n' },
    `error: the config ${file}.ts:2 cannot be loaded: Unexpected token`,
  ],
  [
    'broken JavaScript',
    { mjs: 'export default {\n  jobs: 2\n  retries: 1,\n}\n' },
    `error: the config ${file}.mjs:3 cannot be loaded: Unexpected identifier 'retries'\n\n  retries: 1,\n`,
  ],
  [
    'a config that throws',
    { ts: "const token: string = ''\nif (token === '') throw new Error('no token')\nexport default {}\n" },
    `error: the config ${file}.ts:2 cannot be loaded: no token\n\n     1 | const token: string = ''\n>    2 | if (token === '') throw`,
  ],
  [
    'an import of nothing',
    { ts: "import './nothing.ts'\nexport default {}\n" },
    `error: the config ${file}.ts cannot be loaded: Cannot find module '<folder>/project/nothing.ts'`,
  ],
  [
    'no default export',
    { ts: 'export const config = {}\n' },
    `error: the config ${file}.ts has no default export\nhint: write: export default defineConfig({ ... })`,
  ],
  [
    'two configs',
    { ts: 'export default {}', json: '{}' },
    `error: there are two configs in <folder>/project: signalbox.config.json and signalbox.config.ts\nhint: remove one`,
  ],
])('refuses %s with exit code 2', { timeout: TIMEOUT_MS }, async (_, files, message) => {
  for (const [ending, text] of Object.entries(files)) write(`signalbox.config.${ending}`, text)
  const { exitCode, stderr, stdout } = await signalbox(['list'])
  expect(stderr.slice(0, message.length)).toBe(message)
  expect(stderr).not.toMatch(/^\s+at /m)
  expect(stdout).toBe('')
  expect(exitCode).toBe(2)
})

it('refuses a --config that is not there', { timeout: TIMEOUT_MS }, async () => {
  const { exitCode, stderr } = await signalbox(['list', '--config', 'none.ts'])
  expect(stderr).toBe('error: the config <folder>/project/none.ts cannot be read: ENOENT\n')
  expect(exitCode).toBe(2)
})
