// The harness's end of the line that the guest program `signalbox-sync` calls on: a request a line, an answer a line, told
// apart by an id of the caller's. Guests may send anything.

import { messageOf, UsageError } from '../errors.ts'
import { oneLine } from '../hostile-text.ts'
import type { AgentPort } from '../machine.ts'
import { describeBarrier, MOST_VALUE_BYTES, type SyncStore } from './sync-store.ts'

/** Values that are still being sent; callers that were killed leave theirs. */
const MOST_UNFINISHED = 16

/**
 * Answers the calls of one machine until it is disposed. `store` is that of the attempt that runs now, undefined between
 * attempts.
 */
export function answerCalls(port: AgentPort, member: string, store: () => SyncStore | undefined): Disposable {
  const unfinished = new Map<string, string>()
  const stop = port.lines.subscribe((line) => {
    const [, id, verb, rest = ''] = /^([0-9a-f]{8}) (\+|[a-z]+)(?: (.*))?$/s.exec(line) ?? []
    if (id === undefined || verb === undefined) return
    if (verb === '+') {
      collect(unfinished, id, rest)
      return
    }
    const value = unfinished.get(id) ?? ''
    unfinished.delete(id)
    port.send(`${id} ${answer(store(), member, [verb, ...rest.split(' ')], value)}`)
  })
  return { [Symbol.dispose]: stop }
}

// One character more than fits is kept, so that it is known that it was too long.
const MOST_TEXT = Math.ceil(MOST_VALUE_BYTES / 3) * 4 + 4

function collect(unfinished: Map<string, string>, id: string, piece: string): void {
  const so = unfinished.get(id)
  const [oldest] = unfinished.keys()
  if (so === undefined && unfinished.size >= MOST_UNFINISHED && oldest !== undefined)
    unfinished.delete(oldest)
  unfinished.set(id, ((so ?? '') + piece).slice(0, MOST_TEXT))
}

/** `ok [BASE64]`, `none`, `wait TEXT`, `error TEXT`. */
function answer(
  store: SyncStore | undefined,
  machine: string,
  [verb = '', name = '', ...args]: readonly string[],
  value: string,
): string {
  if (store === undefined) return 'error no test is running on this machine'
  try {
    switch (verb) {
      case 'set':
        store.set(name, Buffer.from(value, 'base64'))
        return 'ok'
      case 'get': {
        const found = store.get(name)
        return found === undefined ? 'none' : `ok ${Buffer.from(found).toString('base64')}`
      }
      case 'arrive': {
        const [count = '', token = '', who] = args
        const member = who === undefined ? machine : `${machine}/${oneLine(who, 64)}`
        const state = store.arrive(name, { count: Number(count), token: `${machine} ${token}`, member })
        return state.kind === 'passed' ? 'ok' : `wait ${describeBarrier(state, Number(count))}`
      }
      case 'leave':
        store.leave(name, `${machine} ${args[0] ?? ''}`)
        return 'ok'
      default:
        return 'error the harness does not know this call: it is of another version'
    }
  } catch (error) {
    if (error instanceof UsageError) return `error ${oneLine(messageOf(error))}`
    throw error
  }
}
