// A line to a machine's systemd that stays open: to ask over it takes a round trip, where a command takes an emulated guest the
// time to start a process. For machines that are asked again and again.

import { Readable } from 'node:stream'
import { abortable } from '../deadline.ts'
import type { Command, CommandOutcome, ExecOptions } from '../ssh/index.ts'
import { askForFailedUnits, GREETING, replyReader } from './manager-message.ts'

export interface ManagerLine {
  /** How many units have failed by now; undefined where that cannot be had this way. Rejects only when aborted. */
  failedUnits(signal: AbortSignal): Promise<number | undefined>
}

/** systemd's own socket: no bus is needed, and it answers in the order of what happened to it. */
const BRIDGE: Command = ['systemd-stdio-bridge', '--bus-path=unix:path=/run/systemd/private']

type State =
  | { readonly kind: 'closed' }
  | {
      readonly kind: 'open'
      readonly input: Readable
      readonly waiting: Map<number, (count?: number) => void>
    }
  /** It ended without one answer: the guest has no such program, or another systemd. */
  | { readonly kind: 'unusable' }

/** Opens nothing before the first question. `exec` runs a command for as long as the machine lives. */
export function openManagerLine(
  exec: (command: Command, options: ExecOptions) => Promise<CommandOutcome>,
): ManagerLine {
  let state: State = { kind: 'closed' }
  let hasAnswered = false
  let serial = 0
  const open = (): Extract<State, { kind: 'open' }> => {
    const input = new Readable({ read: () => undefined })
    const waiting = new Map<number, (count?: number) => void>()
    const opened = { kind: 'open', input, waiting } as const
    const over = new AbortController()
    const read = replyReader((reply) => {
      hasAnswered ||= reply.failedUnits !== undefined
      waiting.get(reply.serial)?.(reply.failedUnits)
      waiting.delete(reply.serial)
    })
    const onStdout = (chunk: Buffer): void => {
      try {
        read(chunk)
      } catch (error) {
        over.abort(error)
      }
    }
    input.push(GREETING)
    const end = (): void => {
      state = hasAnswered ? { kind: 'closed' } : { kind: 'unusable' }
      for (const settle of waiting.values()) settle()
      waiting.clear()
    }
    exec(BRIDGE, {
      sudo: true,
      stdin: input,
      title: 'a line to systemd',
      timeoutMs: Number.POSITIVE_INFINITY,
      maxOutputBytes: 1024,
      signal: over.signal,
      onStdout,
    }).then(end, end)
    return opened
  }
  return {
    async failedUnits(signal) {
      if (state.kind === 'unusable') return undefined
      const line = state.kind === 'open' ? state : open()
      state = line
      serial += 1
      const { promise, resolve } = Promise.withResolvers<number | undefined>()
      line.waiting.set(serial, resolve)
      line.input.push(askForFailedUnits(serial))
      return await abortable(promise, signal)
    },
  }
}
