// Which tests run, through the real command line: by place, by what failed, by what changed, by shard.

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { execCommand } from '../process.ts'
import { comparable, createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())
const SLOW = { timeout: 120_000 }
const suite = join(world.folder, 'suite')
const harness = join(import.meta.dirname, '..', 'index.ts')

const files: Readonly<Record<string, string>> = {
  'suite/boot.ts': `import { describe, test } from '${harness}'
import { answer } from './lib/answer.ts'

describe('boot', () => {
  test('usr', { tags: ['smoke'] }, async ({ machine }) => {
    await machine.run('true')
  })

  test('root', async ({ machine }) => {
    if (answer !== 42) throw new Error('the answer is wrong')
    await machine.run('true')
  })
})
`,
  'suite/net.ts': `import { test } from '${harness}'

for (const name of ['dhcp', 'dns']) {
  test(\`net.\${name}\`, async ({ machine }) => {
    await machine.run('cat /etc/' + name)
  })
}
`,
  'suite/lib/answer.ts': 'export { answer } from "./deep/value.ts"\n',
  'suite/lib/deep/value.ts': 'export const answer = 42\n',
  'suite/README.md': '# A suite\n',
}

const newFile = `import { test } from '${harness}'\ntest('net.new', () => undefined)\n`
const write = (name: string, text: string): void => writeFileSync(join(world.folder, name), text)
const git = async (...args: readonly string[]): Promise<void> => {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false']
  const { failure, stderr } = await execCommand('git', ['-C', suite, ...identity, ...args])
  if (failure !== '') throw new Error(stderr)
}

beforeAll(async () => {
  mkdirSync(join(suite, 'lib', 'deep'), { recursive: true })
  for (const [name, text] of Object.entries(files)) write(name, text)
  symlinkSync(suite, join(world.folder, 'link'))
  await git('init', '--quiet')
  await git('add', '.')
  await git('commit', '--quiet', '--message', 'first')
})

const call = async (command: string, ...args: readonly string[]) => {
  const result = await world.signalbox([command, ...args, ...world.target, '--tests', suite])
  const said = comparable(result.stdout, world)
  const names = said.match(/^(?:boot|net)\.\S+/gm) ?? []
  return { ...result, stdout: said, stderr: comparable(result.stderr, world), names }
}

it.each<[readonly string[], readonly string[]]>([
  [['boot.ts'], ['boot.root', 'boot.usr']],
  [['boot.ts:5'], ['boot.usr']],
  [['boot.ts:11:7'], ['boot.root']],
  [['boot.ts:4'], ['boot.root', 'boot.usr']],
  [['net.ts:4'], ['net.dhcp', 'net.dns']],
  [
    ['net.ts:4', 'boot.usr'],
    ['boot.usr', 'net.dhcp', 'net.dns'],
  ],
  [['.', '--tag', 'smoke'], ['boot.usr']],
])('%j selects by place', SLOW, async (args, names) => {
  const placed = args.map((arg) => (/^net\.ts|^boot\.ts|^\.$/.test(arg) ? join(suite, arg) : arg))
  expect((await call('list', ...placed)).names).toEqual(names)
})

it('finds a place through a link, and files that --tests does not name', SLOW, async () => {
  const { stdout } = await world.signalbox(['list', join(world.folder, 'link', 'net.ts:4'), ...world.target])
  expect(stdout).toMatch(/^net\.dhcp\nnet\.dns\n/)
  expect(stdout).toContain('2 tests')
})

it('runs what was not green last time, and says when all was', SLOW, async () => {
  const first = await call('run', '-j', '1')
  expect(first.exitCode).toBe(1)
  expect(first.stdout).toContain('2 passed · 2 failed')
  const again = await call('list', '--last-failed')
  expect(again.names).toEqual(['net.dhcp', 'net.dns'])
  expect((await call('list', 'net.dns', '--last-failed')).names).toEqual(['net.dns'])
  const folder = join(world.output, 'latest')
  expect((await call('list', `--last-failed=${folder}`)).names).toEqual(['net.dhcp', 'net.dns'])
  const none = await call('run', 'boot', '--last-failed')
  expect(none).toMatchObject({
    exitCode: 0,
    stdout: 'none of what failed in <folder>/results/<run> is selected\n',
  })
  const green = await call('run', 'boot.usr')
  expect(green.exitCode).toBe(0)
  const nothing = await call('run', '--last-failed')
  expect(nothing).toMatchObject({ exitCode: 0, stdout: 'nothing failed in <folder>/results/<run>\n' })
  const json = await call('list', '--last-failed', '--json')
  expect(JSON.parse(json.stdout)).toMatchObject({ tests: [] })
})

it('says that something failed which is no longer there', SLOW, async () => {
  await call('run', 'net', '-j', '1')
  write('suite/net.ts', files['suite/net.ts']?.replace(", 'dns'", '') ?? '')
  const { names, stderr } = await call('list', '--last-failed')
  write('suite/net.ts', files['suite/net.ts'] ?? '')
  expect(names).toEqual(['net.dhcp'])
  expect(stderr).toMatch(/^1 of the tests that were not green in .* are not among these tests: net.dns\n$/)
})

it('runs what changed files reach through imports, and says why', SLOW, async () => {
  expect(await call('run', '--changed')).toMatchObject({
    exitCode: 0,
    stdout: 'nothing has changed since HEAD\n',
  })
  write('suite/lib/deep/value.ts', 'export const answer = 42 // still\n')
  write('suite/README.md', '# Another\n')
  const imported = await call('list', '--changed')
  expect(imported.names).toEqual(['boot.root', 'boot.usr'])
  expect(imported.stderr).toBe(
    '2 files have changed since HEAD, which reaches 2 of 4 tests: <folder>/suite/boot.ts (imports <folder>/suite/lib/answer.ts, which imports <folder>/suite/lib/deep/value.ts)\n' +
      'changed, but imported by no test file: <folder>/suite/README.md\n',
  )
  const run = await call('run', 'boot.root', '--changed')
  expect(run.exitCode).toBe(0)
  expect(run.stdout).toMatch(/• 2 files have changed since HEAD, which reaches 2 of 4 tests/)
  await git('commit', '--quiet', '--all', '--message', 'second')
  // A new file that git does not know yet, and an older commit to compare with.
  write('suite/new.ts', newFile)
  expect((await call('list', '--changed')).names).toEqual(['net.new'])
  expect((await call('list', '--changed=HEAD~1')).names).toEqual(['boot.root', 'boot.usr', 'net.new'])
  write('suite/README.md', '# A third\n')
  await git('add', '.')
  await git('commit', '--quiet', '--all', '--message', 'third')
  write('suite/README.md', '# A fourth\n')
  const unseen = await call('run', '--changed')
  expect(unseen).toMatchObject({ exitCode: 0, stdout: 'what has changed since HEAD reaches no test\n' })
  expect(unseen.stderr).toContain('imported by no test file: <folder>/suite/README.md')
  const wrong = await call('list', '--changed=--output=/tmp/x')
  expect(wrong).toMatchObject({ exitCode: 2, stdout: '' })
  expect(wrong.stderr).toMatch(/git knows no commit "--output=\/tmp\/x"/)
})

it('cuts the tests into shards that hosts with other caches agree on', SLOW, async () => {
  write('suite/new.ts', newFile)
  const parts = await Promise.all(
    ['1/3', '2/3', '3/3'].map(async (shard, index) => {
      const cache = join(world.folder, `cache-${index}`)
      mkdirSync(cache)
      const known = { 'fake-x86_64-uefi-unknown net.dhcp': 1000 * 10 ** index }
      writeFileSync(join(cache, 'durations.json'), JSON.stringify(known))
      const args = ['list', ...world.target, '--tests', suite, '--shard', shard]
      const { stdout } = await world.signalbox(args, { SIGNALBOX_CACHE: cache })
      return stdout.match(/^(?:boot|net)\.\S+/gm) ?? []
    }),
  )
  expect(parts.flat().toSorted()).toEqual(['boot.root', 'boot.usr', 'net.dhcp', 'net.dns', 'net.new'])
  for (const part of parts) expect(part.length).toBeGreaterThan(0)

  const durations = join(world.folder, 'durations.json')
  const took = Object.fromEntries(
    parts.flat().map((name) => [`fake-x86_64-uefi-unknown ${name}`, name === 'net.dns' ? 9_000_000 : 1000]),
  )
  writeFileSync(durations, JSON.stringify(took))
  const heavy = await call('list', '--shard', '1/2', '--durations', durations)
  expect(heavy.names).toEqual(['net.dns'])
  const run = await call('run', '--shard=1/2', '--durations', durations)
  expect(run.stdout).toMatch(/· shard 1 of 2 · 1 test/)
  expect(JSON.parse(readFileSync(join(world.output, 'latest', 'run.json'), 'utf8'))).toMatchObject({
    runs: [{ plan: { shard: { index: 1, count: 2 } } }],
  })
  // What a run took is good for the next one.
  const fromRun = await call('list', '--shard', '1/2', '--durations', join(world.output, 'latest'))
  expect(fromRun.exitCode).toBe(0)
  const empty = await call('run', '--shard', '9/9')
  expect(empty).toMatchObject({ exitCode: 0 })
  expect(empty.stdout).toBe('there is nothing for shard 9 of 9: 5 tests were selected\n')
})

it.each<[readonly string[], RegExp]>([
  [['--shard', '3/2'], /It must be like 2\/5/],
  [['--durations', '/nonexistent'], /the durations \/nonexistent cannot be read: ENOENT/],
  [['--durations', join(suite, 'README.md')], /there are no durations in/],
  [['--last-failed', 'boot.usr'], /there is no run in boot.usr[^]*write --last-failed=FOLDER/],
  [['--changed', 'boot.usr'], /git knows no commit "boot.usr"[^]*write --changed=REF/],
  [[join(suite, 'nope.ts')], /there is no file or folder/],
  [[`${join(suite, 'boot.ts')}:1`], /no test is written at[^]*begin on the lines 5, 9/],
])('refuses %j and says what to do', SLOW, async (args, message) => {
  const { exitCode, stderr, stdout } = await call('list', ...args)
  expect(stderr).toMatch(message)
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
})

it('lists with run --list, as list does', SLOW, async () => {
  const [listed, ran] = [await call('list', '-t', 'smoke'), await call('run', '--list', '-t', 'smoke')]
  expect(ran).toEqual(listed)
  expect(listed.names).toEqual(['boot.usr'])
})
