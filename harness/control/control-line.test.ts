// Commands over the agent's line against the real loop and the real functions, run by the real bash (see the fixture).

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { codeOf } from '../errors.ts'
import { runUnit, type RunningUnit } from '../ignition/agent-unit.test.fixture.ts'
import type { CommandOutcome } from '../ssh/index.ts'
import { openControlLine, type ControlLine } from './control-line.ts'
import { KEPT_BYTES } from './job-functions.ts'

const MIB = 1024 * 1024
vi.setConfig({ testTimeout: 60_000 })
let unit: RunningUnit
let line: ControlLine
let finished: CommandOutcome[]

beforeEach(async () => {
  unit = runUnit('C.UTF-8')
  finished = []
  line = openControlLine({
    machine: 'm0',
    port: unit.port,
    agent: unit.agent,
    answerMs: 30_000,
    onCommand: (outcome) => finished.push(outcome),
  })
  await unit.up
})
afterEach(async () => {
  line[Symbol.dispose]()
  await unit[Symbol.asyncDispose]()
})

test('status, output and errors of a command, as text and as words', async () => {
  const outcome = await line.exec('echo "to  out"; echo to err >&2; exit 7')
  expect(outcome).toMatchObject({
    command: 'echo "to  out"; echo to err >&2; exit 7',
    exitCode: 7,
    stdout: 'to  out',
    stderr: 'to err',
    stdoutBytes: 8,
    stderrBytes: 7,
    truncated: false,
  })
  const words = ['printf', '<%s>', "it's", '$HOME', 'a\nb', '', '`id` "x" \\ é']
  expect((await line.exec(words)).stdout).toBe(`<it's><$HOME><a\nb><><\`id\` "x" \\ é>`)
  expect(finished.map(({ exitCode }) => exitCode)).toEqual([7, 0])
  expect((await line.exec(['/no/such/program'])).exitCode).toBe(127)
})

test('bytes come as they are, whatever they would do to a terminal', async () => {
  const { stdoutBuffer } = await line.exec(
    'for n in {0..255}; do printf "\\\\x%02x" "$n"; done | xargs -0 printf',
  )
  expect([...stdoutBuffer]).toEqual(Array.from({ length: 256 }, (_, n) => n))
  const escapes = "\u001B[31m\u001B]0;title\u0007\u0004\u0003 0123abcd 0 'x'\nup\n"
  expect((await line.exec(['printf', '%s', escapes])).stdoutBuffer.toString()).toBe(escapes)
})

test('a flood is cut to its last part in the guest, and counted', async () => {
  const outcome = await line.exec('head -c 104857600 /dev/zero | tr "\\0" x; echo the end; echo short >&2')
  expect(outcome).toMatchObject({ exitCode: 0, truncated: true, stderr: 'short', stderrBytes: 6 })
  expect(outcome.stdoutBytes).toBe(100 * MIB + 8)
  expect(outcome.stdoutBuffer.length).toBe(KEPT_BYTES)
  expect(outcome.stdout).toMatch(/^x+the end$/)
  // What crossed the line is the part that was kept, in base64.
  expect(unit.heard.join('\n').length).toBeLessThan(1.5 * MIB)
})

test('several at once: none waits for another, and the agent answers meanwhile', async () => {
  const abort = new AbortController()
  const endless = line.exec('sleep 1000', { signal: abort.signal })
  const big = 'head -c 300000 /dev/urandom | base64 -w 0'
  const bigs = await Promise.all([1, 2, 3, 4].map(async () => await line.exec(`${big}; ${big} >&2`)))
  for (const { stdout, stderr, stdoutBytes } of bigs) {
    expect([stdoutBytes, stdout.length, stderr.length]).toEqual([400_000, 400_000, 400_000])
    expect(stdout).toMatch(/^[A-Za-z0-9+/]+$/)
  }
  const asked = { title: 'the agent', timeoutMs: 30_000, signal: new AbortController().signal }
  expect(await unit.agent.tell('o=here', asked)).toBe('here')
  abort.abort(new Error('enough'))
  await expect(endless).rejects.toThrow('enough')
})

test('input: none, a little, and as much as is taken', async () => {
  expect((await line.exec('cat')).stdout).toBe('')
  expect((await line.exec('cat', { input: 'a\n\nb' })).stdout).toBe('a\n\nb')
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, n) => (n * 7) % 256))
  expect(bytes.equals((await line.exec(['cat'], { input: bytes })).stdoutBuffer)).toBe(true)
  await expect(line.exec('cat', { input: Buffer.alloc(MIB + 1) })).rejects.toThrow(/1048577 bytes of input/)
  await expect(line.exec([])).rejects.toThrow('the command is empty')
  await expect(line.exec('a\0b')).rejects.toThrow('NUL')
})

test('a deadline kills the command and all that it started, and says what it last said', async () => {
  const forks = 'echo pid $BASHPID; (sleep 1001 & sleep 1002) & sleep 1003'
  await expect(line.exec(forks, { timeoutMs: 1500 })).rejects.toThrow(
    /^waited 1.5 s for the command "echo pid .*" over the control line of m0; last seen: pid \d+$/,
  )
  expect(finished).toMatchObject([{ exitCode: 137, stdout: expect.stringMatching(/^pid \d+$/) }])
  const { stdout } = await line.exec('for p in /proc/[0-9]*; do tr "\\0" " " <$p/cmdline; done')
  expect(stdout).not.toMatch(/sleep 100[123]/)
})

test('a command has neither the line nor the agent in its hands', async () => {
  // Descriptor 3 is the agent's port, and its process group the agent's own.
  const { stdout } = await line.exec('ls -l /proc/self/fd')
  expect(stdout).toMatch(/ 1 -> pipe:/)
  expect(stdout).not.toMatch(/tty|pts/)
  expect((await line.exec('trap "" TERM; kill 0; echo alive')).stdout).toBe('alive')
  // No signal is ignored that a program expects to end it.
  expect((await line.exec('yes | head -n 1; echo ${PIPESTATUS[0]}')).stdout).toBe('y\n141')
})

test('nothing is left of commands that have ended', async () => {
  await Promise.all([line.exec('true'), line.exec('cat', { input: 'x' }), line.exec('exit 1')])
  await expect.poll(async () => (await line.exec('ls /run/signalbox | wc -l')).stdout).toBe('1')
})

test('an agent that is killed takes its commands along, and its successor is found', async () => {
  const running = line.exec('sleep 1000')
  await expect.poll(async () => (await line.exec('ls /run/signalbox | wc -l')).stdout).toBe('2')
  unit.say('up')
  await expect(running).rejects.toSatisfy((error) => codeOf(error) === 'agent-restarted')
  expect((await line.exec('echo again')).stdout).toBe('again')
})

test('a silent agent is named', async () => {
  using deaf = openControlLine({
    machine: 'm0',
    port: { ...unit.port, send: () => undefined },
    agent: {
      ...unit.agent,
      ask: async (_, { signal }) => await unit.agent.ask('sleep 2', { title: 'x', timeoutMs: 50, signal }),
    },
    answerMs: 50,
  })
  await expect(deaf.exec('true')).rejects.toMatchObject({
    name: 'MachineError',
    code: 'control-silent',
    message: 'the agent in m0 does not answer (waited 0.1 s)',
  })
})
