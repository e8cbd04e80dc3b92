// The agent's unit without a guest: its command line is read the way systemd reads it, and its shell loop runs in the real bash
// on a terminal in raw mode in place of the virtio-serial port, in a namespace with a /run of its own.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect } from 'vitest'
import { openAgent, type Agent } from '../agent/agent.ts'
import type { AgentPort } from '../machine.ts'
import { agentUnit } from './agent-unit.ts'

/** The unit's text. */
export const unitText = (device: string): string => agentUnit(device).units?.[0]?.contents ?? ''

// Whatever it started ends with it. The outer shell is there to be process 1: script(1) takes any orphan's end for its own.
const NAMESPACE = ['--user', '--map-root-user', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
const ENTER = 'mount -t tmpfs tmpfs /run && script --quiet --command "$1" /dev/null; true'

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

/** What the unit runs, as words. */
export function execStart(device: string): readonly string[] {
  const [, line = ''] = /^ExecStart=(.*)$/m.exec(unitText(device)) ?? []
  return execWords(line)
}

export interface RunningUnit extends AsyncDisposable {
  readonly port: AgentPort
  readonly agent: Agent
  readonly heard: readonly string[]
  /** Pretends that the guest said a line. */
  readonly say: (line: string) => void
  /** Resolves when it says that it is up. */
  readonly up: Promise<void>
}

/** Runs the loop on a terminal of its own (script(1)), which passes bytes through as they are. */
export function runUnit(locale: string): RunningUnit {
  const words = execStart('/dev/tty').map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
  const command = `stty raw -echo </dev/tty; exec ${words.join(' ')} </dev/null >/dev/null 2>&1`
  const child = spawn('unshare', [...NAMESPACE, 'sh', '-c', ENTER, 'sh', command], {
    env: { PATH: process.env['PATH'], SHELL: '/bin/sh', LC_ALL: locale },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const heard: string[] = []
  const listeners = new Set<(line: string) => void>()
  const up = Promise.withResolvers<void>()
  let rest = ''
  const say = (line: string): void => {
    heard.push(line)
    if (line === 'up') up.resolve()
    for (const listener of listeners) listener(line)
  }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) say(line)
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
    port,
    agent,
    say,
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
