// The guest's end of an agent port, scripted: a test sees what was sent, and says what is answered, and when.

import type { AgentPort } from '../machine.ts'
import { ansiQuote, unquoteBash } from './bash-text.ts'

export interface Request {
  readonly id: string
  /** As it was asked, whether or not it was sent as one `eval`. */
  readonly code: string
}

/** What the agent answers; undefined: nothing. */
export type Script = (request: Request) => { readonly status?: number; readonly output?: string } | undefined

export interface ScriptedPort extends AgentPort {
  readonly requests: readonly Request[]
  /** The lines as they were sent. */
  readonly sent: readonly string[]
  /** Has the guest say a line. */
  say(line: string): void
  /** How many listen to its lines. */
  readonly listeners: number
}

/** A port whose guest answers as the script says; without one it is silent. */
export function scriptedPort(script: Script = () => undefined): ScriptedPort {
  const requests: Request[] = []
  const sent: string[] = []
  const said: string[] = []
  const listeners = new Set<(line: string) => void>()
  const say = (line: string): void => {
    said.push(line)
    for (const listener of listeners) listener(line)
  }
  return {
    requests,
    sent,
    say,
    get listeners() {
      return listeners.size
    },
    lines: {
      subscribe(onLine) {
        for (const line of said) onLine(line)
        listeners.add(onLine)
        return () => listeners.delete(onLine)
      },
      tail: (n) => said.slice(-n),
      bytes: 0,
    },
    send(line) {
      sent.push(line)
      const [id = '', ...words] = line.split(' ')
      const text = words.slice(0, -1).join(' ')
      const request = { id, code: text.startsWith('eval ') ? unquoteBash(text.slice(5)) : text }
      requests.push(request)
      const answer = script(request)
      if (answer === undefined) return
      queueMicrotask(() => say(`${id} ${answer.status ?? 0} ${ansiQuote(answer.output ?? '')}`))
    },
  }
}
