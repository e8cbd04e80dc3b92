// The harness's side of the agent: sends code, waits for the answer with the same id. The guest may answer anything or
// nothing; only a line that starts with an id we chose is taken for an answer.

import { randomBytes } from 'node:crypto'
import { abortable, startDeadline } from '../deadline.ts'
import { InfraError, MachineError } from '../errors.ts'
import { oneLine } from '../hostile-text.ts'
import type { AgentPort } from '../machine.ts'
import { ansiQuote, unquoteBash } from './bash-text.ts'

export interface AgentAnswer {
  readonly status: number
  /** What the code left in the variable `o`. */
  readonly output: string
}

export interface AskOptions {
  /** As it reads after "waited 10 s for". */
  readonly title: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface Agent extends Disposable {
  /** Runs bash code as root in the agent's shell, one request after another. Throws TimeoutError, or the signal's reason. */
  ask(code: string, options: AskOptions): Promise<AgentAnswer>
  /** The same, and throws MachineError when the status is not 0. */
  tell(code: string, options: AskOptions): Promise<string>
}

/** Opens a conversation over a port. Disposing ends it; the port stays. */
export function openAgent(port: AgentPort): Agent {
  const waiting = new Map<string, (answer: AgentAnswer) => void>()
  const stop = port.lines.subscribe((line) => {
    const [, id = '', status = '', output = ''] = /^([0-9a-f]{8}) (\d{1,3}) (.*)$/s.exec(line) ?? []
    waiting.get(id)?.({ status: Number(status), output: unquoteBash(output) })
  })
  const ask = async (code: string, { title, timeoutMs, signal }: AskOptions): Promise<AgentAnswer> => {
    const id = randomBytes(4).toString('hex')
    using deadline = startDeadline({
      phase: title,
      timeoutMs,
      signal,
      lastSeen: () => oneLine(port.lines.tail(1)[0] ?? 'nothing from the agent in the guest'),
    })
    const { promise, resolve } = Promise.withResolvers<AgentAnswer>()
    waiting.set(id, resolve)
    try {
      port.send(`${id} ${code.includes('\n') ? `eval ${ansiQuote(code)}` : code} #${id}`)
      return await abortable(promise, deadline.signal)
    } finally {
      waiting.delete(id)
    }
  }
  return {
    ask,
    async tell(code, options) {
      const { status, output } = await ask(code, options)
      if (status === 0) return output
      throw new MachineError(
        `${options.title}: the agent in the guest says ${status}: ${oneLine(output, 300)}`,
        {
          code: 'agent-failed',
        },
      )
    },
    [Symbol.dispose]: stop,
  }
}

/** The agent, where what is done cannot do without. Throws InfraError. */
export function requireAgent(agent: Agent | undefined): Agent {
  if (agent !== undefined) return agent
  throw new InfraError('a fork needs the agent', { code: 'no-agent' })
}
