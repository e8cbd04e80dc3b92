// The command line on a pseudo-terminal, made by script(1) of util-linux: what a person sees is collected, what a person
// types is sent.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sleep } from '../deadline.ts'

export interface TerminalSession extends Disposable {
  readonly child: ChildProcess
  /** All that was shown so far. */
  seen(): string
  /** Waits until the text after the last match matches, at the most so long (default: a minute); returns the match. */
  waitFor(pattern: RegExp, patienceMs?: number): Promise<RegExpExecArray>
  type(text: string): void
  /** The process of the command line itself: script(1) starts it by a shell. */
  pid(): number
  /** Waits for the end and returns the exit code. */
  ended(): Promise<number | null>
}

const PATIENCE_MS = 60_000

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/** Starts `signalbox ...args` on a terminal of its own. */
export function onTerminal(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): TerminalSession {
  const command = [process.execPath, join(import.meta.dirname, 'bin.ts'), ...args].map(quote).join(' ')
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], {
    env: { ...env, TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let text = ''
  let from = 0
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const closed = once(child, 'close')
  return {
    child,
    seen: () => text,
    async waitFor(pattern, patienceMs = PATIENCE_MS) {
      for (const began = performance.now(); ;) {
        const found = pattern.exec(text.slice(from))
        if (found !== null) {
          from += found.index + found[0].length
          return found
        }
        if (child.exitCode !== null) throw new Error(`it ended before ${String(pattern)}:\n${text}`)
        if (performance.now() - began > patienceMs) throw new Error(`no ${String(pattern)} in:\n${text}`)
        await sleep(20)
      }
    },
    type: (typed) => void child.stdin?.write(typed),
    pid() {
      const isOurs = (pid: number): boolean => /^[^\0]*node\0[^\0]*bin\.ts\0/.test(commandLine(pid))
      const find = (pid: number): number | undefined =>
        isOurs(pid)
          ? pid
          : childrenOf(pid)
              .map(find)
              .find((found) => found !== undefined)
      const found = find(child.pid ?? -1)
      // Signalling process 0 would end our own group.
      if (found === undefined) throw new Error(`the command line does not run:\n${text}`)
      return found
    },
    async ended() {
      const [code] = (await closed) as [number | null]
      return code
    },
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  }
}

/** What proc(5) says of a process; empty when it is gone. */
export function commandLine(pid: number): string {
  return readProc(`${pid}/cmdline`)
}

/** The processes that a process started and that still live. */
export function childrenOf(pid: number): readonly number[] {
  return readProc(`${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
}

function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8').trim()
  } catch {
    return ''
  }
}
