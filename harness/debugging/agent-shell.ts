// A small shell over the agent's line: for a machine whose network or sshd is dead. What the guest says is hostile, and
// is shown without its control characters.

import { createInterface } from 'node:readline/promises'
import type { ControlLine } from '../control/control-line.ts'
import { messageOf } from '../errors.ts'
import { plainText } from '../hostile-text.ts'
import type { EnterOptions } from './enter.ts'

/** Reads lines from the terminal until the end of input or `exit`; each is run as root. */
export async function agentShell(
  name: string,
  control: ControlLine,
  { signal, say }: EnterOptions,
): Promise<void> {
  using lines = createInterface({ input: process.stdin, output: process.stdout, terminal: true })
  lines.setPrompt(`${name} (agent)# `)
  let running: AbortController | undefined
  // Ctrl-C ends the command that runs, or drops the line that is being typed, as in a shell.
  lines.on('SIGINT', () => {
    process.stdout.write('^C\n')
    if (running !== undefined) return running.abort(new Error('given up'))
    lines.write('', { ctrl: true, name: 'u' })
    lines.prompt()
  })
  const stop = (): void => lines.close()
  signal.addEventListener('abort', stop, { once: true })
  lines.prompt()
  try {
    for await (const line of lines) {
      if (/^\s*(exit|logout)\s*$/.test(line)) break
      running = new AbortController()
      const either = AbortSignal.any([signal, running.signal])
      if (line.trim() !== '') await runLine(control, line, { signal: either, say })
      running = undefined
      lines.prompt()
    }
  } finally {
    signal.removeEventListener('abort', stop)
    process.stdin.pause()
  }
}

async function runLine(control: ControlLine, line: string, { signal, say }: EnterOptions): Promise<void> {
  try {
    const { exitCode, stdout, stderr } = await control.exec(line, { timeoutMs: 3_600_000, signal })
    for (const text of [stdout, stderr]) if (text !== '') say(plainText(text))
    if (exitCode !== 0) say(`[exit status ${exitCode ?? 'unknown'}]`)
  } catch (error) {
    say(`[${messageOf(error)}]`)
  }
}
