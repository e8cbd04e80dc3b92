import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { SignalboxEvent } from '../events.ts'
import { createCliWorld } from './cli.test.fixture.ts'
import { childrenOf, commandLine, onTerminal, type TerminalSession } from './terminal.test.fixture.ts'

const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())
const TIMEOUT_MS = 120_000
const target = [...world.target, ...world.corpus('debugging')]

const run = (...args: readonly string[]): TerminalSession =>
  onTerminal(['run', ...args, ...target], world.env)

function eventsOfLatest(): readonly SignalboxEvent[] {
  return readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SignalboxEvent)
}

it(
  'opens a shell in the failed machine before teardown, and goes on with the run',
  { timeout: TIMEOUT_MS },
  async () => {
    using terminal = run('debug.fails', 'debug.passes', '--on-failure', 'shell')
    await terminal.waitFor(/debug\.fails failed: Expected: "bye"/)
    await terminal.waitFor(/fake\$ /)
    // Other tests end meanwhile, but nobody writes over the shell.
    await expect.poll(() => eventsOfLatest().some(({ type }) => type === 'test.finished')).toBe(true)
    terminal.type('cat /tmp/clue\r')
    await terminal.waitFor(/the butler/)
    terminal.type('\u0003')
    await terminal.waitFor(/\^C/)
    expect(terminal.seen().split('fake$')[1]).not.toMatch(/debug\.passes/)
    terminal.type('exit\r')
    await terminal.waitFor(/left m0; the run goes on/)
    await terminal.waitFor(/1 passed.*1 failed/)
    expect(await terminal.ended()).toBe(1)
    const types = eventsOfLatest().map(({ type }) => type)
    expect(types.filter((type) => type === 'machine.created')).toHaveLength(3)
    expect(types.filter((type) => type === 'machine.destroyed')).toHaveLength(3)
  },
)

it('waits in the shell as long as the person wants, on no budget', { timeout: TIMEOUT_MS }, async () => {
  using terminal = run('debug.asks-for-a-shell', '--no-fork')
  await terminal.waitFor(/the test waits until you leave/)
  await terminal.waitFor(/fake\$ /)
  // The body may take 1 s.
  await new Promise((resolve) => {
    setTimeout(resolve, 2500)
  })
  terminal.type('fake write /tmp/from-the-shell it was me\r')
  await terminal.waitFor(/fake\$ /)
  terminal.type('\u0004')
  await terminal.waitFor(/1 passed/)
  expect(await terminal.ended()).toBe(0)
  const finished = eventsOfLatest().find(({ type }) => type === 'test.finished')
  expect(finished).toMatchObject({ type: 'test.finished', verdict: 'passed' })
  expect(finished?.type === 'test.finished' ? finished.durationMs : Infinity).toBeLessThan(2500)
})

it('takes the line to the agent when SSH is dead', { timeout: TIMEOUT_MS }, async () => {
  using terminal = run('debug.fails-without-ssh', '--on-failure', 'shell')
  await terminal.waitFor(/SSH does not answer/)
  await terminal.waitFor(/m0 \(agent\)# /)
  terminal.type('cat /tmp/clue\r')
  await terminal.waitFor(/the gardener/)
  terminal.type('exit\r')
  await terminal.waitFor(/1 failed/)
  expect(await terminal.ended()).toBe(1)
})

it('takes the serial console when the agent is dead too', { timeout: TIMEOUT_MS }, async () => {
  using terminal = run('debug.fails-without-ssh-and-agent', '--on-failure', 'shell')
  await terminal.waitFor(/here is its serial console instead; Ctrl-\] leaves it/)
  await terminal.waitFor(/fake login: /)
  terminal.type('root\r')
  await terminal.waitFor(/root\s+fake login: /)
  terminal.type('\u001D')
  await terminal.waitFor(/1 failed/)
  expect(await terminal.ended()).toBe(1)
})

it.each([
  [['run', 'debug.fails', '--on-failure', 'shell'], /--on-failure shell needs a terminal: standard input/],
])('refuses %j with exit code 2 before anything boots', { timeout: TIMEOUT_MS }, async (args, message) => {
  const { exitCode, stderr, stdout } = await world.signalbox([...args, ...target])
  expect(stderr).toMatch(message)
  expect(stdout).toBe('')
  expect(exitCode).toBe(2)
})

it('fails machine.shell() at once where nobody sits', { timeout: TIMEOUT_MS }, async () => {
  const { exitCode, stdout } = await world.signalbox(['run', 'debug.asks-for-a-shell', ...target])
  expect(stdout).toMatch(/machine\.shell\(\) needs a terminal: standard input is no terminal/)
  expect(exitCode).toBe(1)
})

it('shows consoles live, marked and harmless, with --debug', { timeout: TIMEOUT_MS }, async () => {
  const { exitCode, stdout } = await world.signalbox([
    'run',
    'debug.chatters',
    '--debug',
    '--no-fork',
    ...target,
  ])
  expect(stdout).toMatch(/^m0 \| Linux version 6\.0\.0-fake$/m)
  expect(stdout).toMatch(/^m0 \| all is well$/m)
  expect(stdout).toMatch(/^ {2}m0 of debug\.chatters is ready: ssh -i \S+ .*-p \d+ core@127\.0\.0\.1$/m)
  expect(stdout).not.toMatch(/[\u0000-\u0008\u000B-\u001F]/)
  expect(exitCode).toBe(0)
})

it('lets a person stop the run while another one is in a shell', { timeout: TIMEOUT_MS }, async () => {
  using terminal = run('debug.fails', '--on-failure', 'shell')
  await terminal.waitFor(/fake\$ /)
  process.kill(terminal.pid(), 'SIGTERM')
  expect(await terminal.ended()).toBe(130)
  expect(eventsOfLatest().some(({ type }) => type === 'machine.destroyed')).toBe(true)
})

it(
  'leaves no ssh behind when the harness is killed while a shell is open',
  { timeout: TIMEOUT_MS },
  async () => {
    using terminal = run('debug.fails', '--on-failure', 'shell')
    await terminal.waitFor(/fake\$ /)
    const harness = terminal.pid()
    const [ssh = 0] = childrenOf(harness)
    expect(commandLine(ssh)).toMatch(/^ssh\0/)
    process.kill(harness, 'SIGKILL')
    await once(terminal.child, 'close')
    await expect.poll(() => commandLine(ssh)).toBe('')
  },
)
