// The agent's unit as a guest runs it: its command line is read the way systemd reads it, its shell loop runs in the real
// bash on a terminal in raw mode in place of the virtio-serial port, and the harness's side talks to it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AskOptions } from '../agent/agent.ts'
import { ansiQuote } from '../agent/bash-text.ts'
import { AGENT_UNIT, agentUnit } from './agent-unit.ts'
import { execStart, runUnit, unitText, type RunningUnit } from './agent-unit.test.fixture.ts'

const DEVICE = '/dev/virtio-ports/org.signalbox.agent'

test('the unit starts early, without dependencies, and again whenever it ends', () => {
  const { units } = agentUnit(DEVICE)
  expect(units).toMatchObject([{ name: AGENT_UNIT, enabled: true }])
  for (const line of [
    'DefaultDependencies=no',
    'WantedBy=sysinit.target',
    'Restart=always',
    'StartLimitIntervalSec=0',
  ])
    expect(unitText(DEVICE).split('\n')).toContain(line)
})

test('the command is bash without files of its own, its loop, and the device', () => {
  const [program, ...args] = execStart(DEVICE)
  expect(program).toBe('/bin/bash')
  expect(args).toEqual(['--norc', '--noprofile', '-c', expect.stringContaining('while IFS='), DEVICE])
  expect(execStart('/dev/a b%c$d').at(-1)).toBe('/dev/a b%c$d')
})

const about: AskOptions = { title: 'the agent', timeoutMs: 20_000, signal: new AbortController().signal }

describe.each(['C', 'C.UTF-8'])('in the locale %s', (locale) => {
  let unit: RunningUnit
  beforeAll(async () => {
    unit = runUnit(locale)
    await unit.up
  })
  afterAll(async () => await unit[Symbol.asyncDispose]())

  test('says that it is up, and nothing else by itself', () => {
    expect(unit.heard).toEqual(['', 'up'])
  })

  test('answers with the status and what the code left in o', async () => {
    expect(await unit.agent.ask('o=hello', about)).toEqual({ status: 0, output: 'hello' })
    expect(await unit.agent.ask('o=partly; false', about)).toEqual({ status: 1, output: 'partly' })
    expect(await unit.agent.ask('(exit 42)', about)).toEqual({ status: 42, output: '' })
    // Nothing of an answer before is left.
    expect(await unit.agent.ask('true', about)).toEqual({ status: 0, output: '' })
    expect(await unit.agent.ask('unset o', about)).toEqual({ status: 0, output: '' })
  })

  test('keeps functions and variables for later', async () => {
    await unit.agent.tell('greet() {\n  local who="$1"\n  o="hello $who\n"\n}\nname="it\'s me"', about)
    expect(await unit.agent.tell('greet "$name"', about)).toBe("hello it's me\n")
  })

  test('outlives code that is none, that is not found, and that fails', async () => {
    expect((await unit.agent.ask('if', about)).status).not.toBe(0)
    expect((await unit.agent.ask('no-such-command', about)).status).toBe(127)
    await expect(unit.agent.tell('o=why; return 7', about)).rejects.toThrow(/says \d+/)
    expect(await unit.agent.tell('o=alive', about)).toBe('alive')
  })

  test('passes over what is only the rest of a request, of which a shell before it read the beginning', async () => {
    for (const rest of [
      "o=boom; touch /run/boom' #0123abcd",
      '0123abcd touch /run/boom',
      '',
      '0123abcd true #',
    ]) {
      unit.port.send(rest)
    }
    expect(await unit.agent.tell('test -e /run/boom && o=boom || o=no', about)).toBe('no')
    expect(unit.heard.filter((line) => line.startsWith('0123abcd'))).toEqual([])
  })

  test('answers in the order it was asked', async () => {
    const answers = ['1', '2', '3', '4'].map(async (n) => await unit.agent.tell(`o=${n}`, about))
    expect(await Promise.all(answers)).toEqual(['1', '2', '3', '4'])
  })

  test.each([
    'a\nb\n',
    'it\'s a "quoted" \\ backslash \\n \\\\ and %s %% $HOME $$ `id`',
    '  spaces  around  ',
    'tab\tbell\u0007escape\u001B[31m\u0001\u0003\u0004\u0011\u0013\u001A\u007F',
    'naïve — 日本語 🦀',
    '',
    'long '.repeat(20_000),
  ])('gives back %j', async (text) => {
    expect(await unit.agent.tell(`o=${ansiQuote(text)}`, about)).toBe(text)
    // The same by way of a function of several lines.
    expect(await unit.agent.tell(`say() {\no="$1"\n}\nsay ${ansiQuote(text)}`, about)).toBe(text)
  })

  test('what code prints is no answer, and what it reads is not the next request', async () => {
    expect(await unit.agent.ask('echo "deadbeef 0 x"; read -r line; o="<$line>"', about)).toEqual({
      status: 0,
      output: '<>',
    })
    expect(await unit.agent.tell('o=next', about)).toBe('next')
  })
})
