import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { createCliWorld } from './cli.test.fixture.ts'
import { commandLine, onTerminal, type TerminalSession } from './terminal.test.fixture.ts'

const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())
const TIMEOUT_MS = 240_000
const PATIENCE_MS = 90_000
const index = join(import.meta.dirname, '..', 'index.ts')
let folder = ''
let count = 0

const test = (name: string, body: string, more = ''): string =>
  `import { test } from '${index}'\n${more}\ntest('${name}', async ({ machine }) => { ${body} })\n`

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)

/** As editors do that never leave half a file. */
function replace(name: string, text: string): void {
  write(`.${name}.swp`, text)
  renameSync(join(folder, `.${name}.swp`), join(folder, name))
}

beforeEach(() => {
  count += 1
  folder = join(world.folder, `tests-${count}`)
  mkdirSync(join(world.folder, `shared-${count}`), { recursive: true })
  mkdirSync(folder)
  write('one.ts', test('watch.one', "await machine.run('true')"))
  const shared = `../shared-${count}/words.ts`
  write('two.ts', test('watch.two', 'await machine.run(word)', `import { word } from '${shared}'`))
  write(shared, "export const word = 'true'\n")
})

const start = (...more: readonly string[]): TerminalSession =>
  onTerminal(['run', '--watch', ...more, ...world.target, '--tests', folder], world.env)

const settled = async (terminal: TerminalSession): Promise<void> =>
  void (await terminal.waitFor(/watching \d+ files/, PATIENCE_MS))

it('runs all, then what a saved file or module reaches', { timeout: TIMEOUT_MS }, async () => {
  using terminal = start()
  await terminal.waitFor(/2 passed/, PATIENCE_MS)
  await settled(terminal)

  replace('one.ts', test('watch.one', "await machine.run('false')"))
  await terminal.waitFor(/changed: \S*one\.ts/, PATIENCE_MS)
  await terminal.waitFor(/which reaches 1 of 2 tests/, PATIENCE_MS)
  await terminal.waitFor(/1 failed/, PATIENCE_MS)
  await settled(terminal)

  write(`../shared-${count}/words.ts`, "export const word = 'exit 0'\n")
  await terminal.waitFor(/changed: \S*words\.ts/, PATIENCE_MS)
  await terminal.waitFor(/two\.ts \(imports \S*words\.ts\)/, PATIENCE_MS)
  await terminal.waitFor(/1 passed/, PATIENCE_MS)
  await settled(terminal)

  // What failed is remembered beyond the last run.
  terminal.type('f')
  await terminal.waitFor(/1 that failed/, PATIENCE_MS)
  await terminal.waitFor(/✗.*watch\.one/, PATIENCE_MS)
  await settled(terminal)
  terminal.type('a')
  await terminal.waitFor(/1 passed.*1 failed/, PATIENCE_MS)
  await settled(terminal)
  terminal.type('\r')
  await terminal.waitFor(/1 passed.*1 failed/, PATIENCE_MS)
  await settled(terminal)

  write('three.ts', test('watch.three', "await machine.run('true')"))
  await terminal.waitFor(/changed: \S*three\.ts/, PATIENCE_MS)
  await terminal.waitFor(/1 passed/, PATIENCE_MS)
  await settled(terminal)
  terminal.type('q')
  expect(await terminal.ended()).toBe(0)
})

it('shows a syntax error and goes on, with all that changed meanwhile', { timeout: TIMEOUT_MS }, async () => {
  using terminal = start()
  await settled(terminal)
  write('one.ts', 'test(')
  await terminal.waitFor(/one\.ts cannot be loaded/, PATIENCE_MS)
  await settled(terminal)
  write('two.ts', test('watch.two', "await machine.run('false')"))
  await terminal.waitFor(/one\.ts cannot be loaded/, PATIENCE_MS)
  await settled(terminal)
  write('one.ts', test('watch.one', "await machine.run('true')"))
  await terminal.waitFor(/1 passed.*1 failed/, PATIENCE_MS)
  await settled(terminal)
  terminal.type('\u0003')
  expect(await terminal.ended()).toBe(130)
})

it('begins with a syntax error, too', { timeout: TIMEOUT_MS }, async () => {
  write('one.ts', 'test(')
  using terminal = start()
  await terminal.waitFor(/one\.ts cannot be loaded/, PATIENCE_MS)
  await settled(terminal)
  write('one.ts', test('watch.one', "await machine.run('true')"))
  await terminal.waitFor(/1 passed/, PATIENCE_MS)
  await settled(terminal)
  terminal.type('q')
  expect(await terminal.ended()).toBe(0)
})

it('passes over a save that changes nothing', { timeout: TIMEOUT_MS }, async () => {
  using terminal = start('watch.one')
  await settled(terminal)
  replace('one.ts', test('watch.one', "await machine.run('true')"))
  replace('two.ts', test('watch.two', "await machine.run('true')"))
  await terminal.waitFor(/changed: (\S+)/, PATIENCE_MS).then(([line]) => expect(line).not.toContain('one.ts'))
  await terminal.waitFor(/reaches no test that is selected/, PATIENCE_MS)
  await settled(terminal)
  terminal.type('q')
  expect(await terminal.ended()).toBe(0)
})

it('ends the run and then itself when it is told to', { timeout: TIMEOUT_MS }, async () => {
  write('one.ts', test('watch.one', "await machine.run('sleep 60', { timeoutMs: 90_000 })"))
  using terminal = start('--jobs', '1')
  await terminal.waitFor(/watch\.one/, PATIENCE_MS)
  const parent = terminal.pid()
  process.kill(parent, 'SIGTERM')
  await terminal.waitFor(/stopping and cleaning up/, PATIENCE_MS)
  expect(await terminal.ended()).toBe(130)
  expect(commandLine(parent)).toBe('')
})

it.each([
  [[], /--watch needs a terminal: standard input is no terminal/],
  [['--list'], undefined],
])('without a terminal, %j', { timeout: TIMEOUT_MS }, async (more, message) => {
  const args = ['run', '--watch', ...more, ...world.target, '--tests', folder]
  const { exitCode, stdout, stderr } = await world.signalbox(args)
  if (message === undefined) expect([exitCode, stderr]).toEqual([0, ''])
  else expect([exitCode, stdout]).toEqual([2, ''])
  if (message !== undefined) expect(stderr).toMatch(message)
})

it('gives up on a command line that is wrong', { timeout: TIMEOUT_MS }, async () => {
  using terminal = onTerminal(
    ['run', '--watch', ...world.target, '--tests', join(folder, 'nowhere')],
    world.env,
  )
  await terminal.waitFor(/there is no folder or file/, PATIENCE_MS)
  expect(await terminal.ended()).toBe(2)
})
