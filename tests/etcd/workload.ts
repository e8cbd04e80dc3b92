// Clients of one register in etcd, one on each machine, each asking its own member: reads and writes until it is told to end,
// and all that came of them. A write also leaves a key of its own, which must be there for ever once it is acknowledged.

import type { Machine } from '../../harness/index.ts'
import { decode, encode, send } from './gateway.ts'
import type { Operation } from './register.ts'

export interface Workload {
  /** What was done so far; the judge's clock is in milliseconds. */
  readonly history: readonly Operation[]
  /** Acknowledged writes of a machine from now on. */
  countOf(machine: Machine, since?: number): number
  /** Writes of a machine from then on that are over and were not acknowledged. */
  unacknowledgedOf(machine: Machine, since: number): number
  /** Ends the clients and returns the history. */
  end(): Promise<readonly Operation[]>
}

/** Keys below this are the acknowledged writes. */
export const LOG = 'log/'
const REGISTER = encode('register')

export function startWorkload(machines: readonly Machine[]): Workload {
  const history: Operation[] = []
  const end = new AbortController()
  const clients = machines.map(async (machine) => {
    for (let turn = 0; !end.signal.aborted; turn += 1) {
      history.push(turn % 3 === 2 ? await read(machine) : await write(machine, `${machine.name}-${turn}`))
    }
  })
  // Looked at in end(); until then a failed client must not end the process.
  const all = Promise.all(clients)
  all.catch(() => undefined)
  const writesOf = (machine: Machine, since: number): readonly Operation[] =>
    history.filter(
      ({ client, kind, called }) => client === machine.name && kind === 'write' && called >= since,
    )
  return {
    history,
    countOf: (machine, since = 0) =>
      writesOf(machine, since).filter(({ answered }) => answered !== undefined).length,
    unacknowledgedOf: (machine, since) =>
      writesOf(machine, since).filter(({ answered }) => answered === undefined).length,
    async end() {
      end.abort()
      await all
      return history
    },
  }
}

async function write(machine: Machine, value: string): Promise<Operation> {
  const request = (key: string): object => ({ request_put: { key, value: encode(value) } })
  const body = { success: [request(REGISTER), request(encode(`${LOG}${value}`))] }
  return await timed(machine, 'write', 'kv/txn', body, () => value, value)
}

async function read(machine: Machine): Promise<Operation> {
  return await timed(machine, 'read', 'kv/range', { key: REGISTER }, (answer) => {
    const { kvs } = answer as { readonly kvs?: readonly { readonly value: string }[] }
    return kvs?.[0] === undefined ? undefined : decode(kvs[0].value)
  })
}

async function timed(
  machine: Machine,
  kind: Operation['kind'],
  path: string,
  body: object,
  valueOf: (answer: object) => string | undefined,
  unanswered?: string,
): Promise<Operation> {
  const called = performance.now()
  const { exitCode, stdout } = await send(machine, path, body, Math.ceil(2 * machine.slowness))
  const answered = performance.now()
  const client = machine.name
  // Anything but an answer of etcd with a revision leaves open whether it was done.
  const answer = exitCode === 0 ? (JSON.parse(stdout) as { readonly header?: object }) : {}
  if (answer.header === undefined) return { client, kind, value: unanswered, called, answered: undefined }
  return { client, kind, value: valueOf(answer), called, answered }
}

/** The acknowledged writes whose own key is not there. */
export function lost(history: readonly Operation[], keys: readonly string[]): readonly string[] {
  const there = new Set(keys)
  return history
    .filter(({ kind, answered }) => kind === 'write' && answered !== undefined)
    .map(({ value }) => `${LOG}${value}`)
    .filter((key) => !there.has(key))
}
