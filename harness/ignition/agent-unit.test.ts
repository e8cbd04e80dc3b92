// The agent's unit as a guest runs it: its command line is read the way systemd reads it, its shell loop runs in the real
// bash on a terminal in raw mode in place of the virtio-serial port, and the harness's side talks to it.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openAgent, type Agent, type AskOptions } from '../agent/agent.ts'
import { ansiQuote } from '../agent/bash-text.ts'
import type { AgentPort } from '../machine.ts'
import { AGENT_UNIT, agentUnit } from './agent-unit.ts'

const DEVICE = '/dev/virtio-ports/org.signalbox.agent'
const unitText = (device = DEVICE): string => agentUnit(device).units?.[0]?.contents ?? ''

/** The words of a command line in a unit: quotes and C escapes (systemd.syntax(7)), then `%` and `$` (systemd.service(5)). */
function execWords(line: string): readonly string[] {
  const words = [...line.matchAll(/(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s'"\\]|\\.)+/g)].map(
    ([word]) => word,
  )
  return words.map((word) =>
    word
      .replaceAll(
        /'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/g,
        (_, single?: string, double?: string) => single ?? double ?? '',
      )
      .replaceAll(/\\(.)/g, (_, escape: string) => {
        const known = new Map([
          ['\\', '\\'],
          ['n', '\n'],
          ['t', '\t'],
          ["'", "'"],
          ['"', '"'],
          ['s', ' '],
        ])
        return known.get(escape) ?? expect.unreachable(`systemd knows no \\${escape}`)
      })
      .replaceAll(/%(.?)/g, (_, specifier: string) =>
        specifier === '%' ? '%' : expect.unreachable(`systemd would replace %${specifier}`),
      )
      .replaceAll(/\$(.?)/g, (_, next: string) =>
        next === '$' ? '$' : expect.unreachable(`systemd would replace $${next}`),
      ),
  )
}

function execStart(device?: string): readonly string[] {
  const [, line = ''] = /^ExecStart=(.*)$/m.exec(unitText(device)) ?? []
  return execWords(line)
}

test('the unit starts early, without dependencies, and again whenever it ends', () => {
  const { units } = agentUnit(DEVICE)
  expect(units).toMatchObject([{ name: AGENT_UNIT, enabled: true }])
  for (const line of [
    'DefaultDependencies=no',
    'WantedBy=sysinit.target',
    'Restart=always',
    'StartLimitIntervalSec=0',
  ])
    expect(unitText().split('\n')).toContain(line)
})

test('the command is bash without files of its own, its loop, and the device', () => {
  const [program, ...args] = execStart()
  expect(program).toBe('/bin/bash')
  expect(args).toEqual(['--norc', '--noprofile', '-c', expect.stringContaining('while IFS='), DEVICE])
  expect(execStart('/dev/a b%c$d').at(-1)).toBe('/dev/a b%c$d')
})

interface RunningUnit extends AsyncDisposable {
  readonly agent: Agent
  readonly heard: readonly string[]
  /** Resolves with the first line that it says by itself. */
  readonly up: Promise<string>
}

/** Runs the loop on a terminal of its own (script(1)), which passes bytes through as they are. */
function runUnit(locale: string): RunningUnit {
  const words = execStart('/dev/tty').map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
  const command = `stty raw -echo </dev/tty; exec ${words.join(' ')} </dev/null >/dev/null 2>&1`
  const child = spawn('script', ['--quiet', '--command', command, '/dev/null'], {
    env: { PATH: process.env['PATH'], SHELL: '/bin/sh', LC_ALL: locale },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const heard: string[] = []
  const listeners = new Set<(line: string) => void>()
  const up = Promise.withResolvers<string>()
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      heard.push(line)
      up.resolve(line)
      for (const listener of listeners) listener(line)
    }
  })
  const port: AgentPort = {
    lines: {
      subscribe(onLine) {
        listeners.add(onLine)
        return () => listeners.delete(onLine)
      },
      tail: (n) => heard.slice(-n),
      bytes: 0,
    },
    send: (line) => void child.stdin.write(`${line}\n`),
  }
  const agent = openAgent(port)
  return {
    agent,
    heard,
    up: up.promise,
    async [Symbol.asyncDispose]() {
      agent[Symbol.dispose]()
      const closed = once(child, 'close')
      // The shell loses its terminal, and ends.
      child.kill('SIGKILL')
      await closed
    },
  }
}

const about: AskOptions = { title: 'the agent', timeoutMs: 20_000, signal: new AbortController().signal }

describe.each(['C', 'C.UTF-8'])('in the locale %s', (locale) => {
  let unit: RunningUnit
  beforeAll(async () => {
    unit = runUnit(locale)
    await unit.up
  })
  afterAll(async () => await unit[Symbol.asyncDispose]())

  test('says that it is up, and nothing else by itself', () => {
    expect(unit.heard).toEqual(['up'])
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
