// etcd's v3 API over its JSON gateway, asked with curl in the guest: etcdctl costs an emulated machine seconds a call.

import { test, type CommandOutcome, type Machine } from '../../harness/index.ts'
import { LOCAL } from './members.ts'

/** etcd's answer, or the error it answered with. */
export interface Answer {
  readonly message?: string
  readonly code?: number
  readonly [part: string]: unknown
}

export const encode = (text: string): string => Buffer.from(text).toString('base64')
export const decode = (text: string): string => Buffer.from(text, 'base64').toString()

/** Sends one request, whatever comes of it; `path` is below `/v3/`. */
export async function send(
  machine: Machine,
  path: string,
  body: object,
  timeoutSeconds = 10 * machine.slowness,
): Promise<CommandOutcome> {
  return await machine.exec(
    [
      'curl',
      '--silent',
      '--show-error',
      '--max-time',
      String(timeoutSeconds),
      '--data',
      '@-',
      `${LOCAL}/v3/${path}`,
    ],
    { stdin: JSON.stringify(body), title: `etcd ${path}` },
  )
}

/** Sends one request and returns the answer, which may be a refusal; throws when there is none. */
export async function tryAsk(machine: Machine, path: string, body: object = {}): Promise<Answer> {
  const { exitCode, stdout, stderr } = await send(machine, path, body)
  if (exitCode !== 0) throw new Error(`etcd of ${machine.name} did not answer ${path}: ${stderr}`)
  return JSON.parse(stdout) as Answer
}

/** Sends one request and returns the answer. Throws what etcd says when it refuses. */
export async function ask(machine: Machine, path: string, body: object = {}): Promise<Answer> {
  const answer = await tryAsk(machine, path, body)
  if (answer.message !== undefined)
    throw new Error(`etcd of ${machine.name} refused ${path}: ${answer.message}`)
  return answer
}

/** Asks for a write and returns the answer, which may be a refusal. */
export async function tryPut(machine: Machine, key: string, value: string): Promise<Answer> {
  return await tryAsk(machine, 'kv/put', { key: encode(key), value: encode(value) })
}

/** Writes; resolves when that is acknowledged. Throws what etcd says when it refuses. */
export async function put(machine: Machine, key: string, value: string, more: object = {}): Promise<void> {
  await ask(machine, 'kv/put', { key: encode(key), value: encode(value), ...more })
}

/** The value of a key, undefined when there is none. Throws what etcd says when it refuses. */
export async function get(machine: Machine, key: string, more: object = {}): Promise<string | undefined> {
  const [found] = keyValues(await ask(machine, 'kv/range', { key: encode(key), ...more }))
  return found?.value
}

/** All keys with this prefix, sorted. */
export async function keysBelow(machine: Machine, prefix: string): Promise<readonly string[]> {
  const next = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)
  const body = { key: encode(prefix), range_end: encode(next), keys_only: true }
  return keyValues(await ask(machine, 'kv/range', body)).map(({ key }) => key)
}

function keyValues(answer: Answer): readonly { readonly key: string; readonly value: string }[] {
  const { kvs = [] } = answer as {
    readonly kvs?: readonly { readonly key: string; readonly value?: string }[]
  }
  return kvs.map(({ key, value = '' }) => ({ key: decode(key), value: decode(value) }))
}

export interface Status {
  readonly dbSize: number
  readonly dbSizeInUse: number
  /** Of the whole keyspace. */
  readonly revision: number
  /** Ids, in decimal; `'0'` when there is no leader. */
  readonly leader: string
  readonly member: string
  readonly raftTerm: number
}

export async function statusOf(machine: Machine): Promise<Status> {
  const answer = (await ask(machine, 'maintenance/status')) as unknown as {
    readonly header: { readonly member_id: string; readonly revision?: string }
    readonly dbSize: string
    readonly dbSizeInUse: string
    readonly leader?: string
    readonly raftTerm?: string
  }
  return {
    dbSize: Number(answer.dbSize),
    dbSizeInUse: Number(answer.dbSizeInUse),
    revision: Number(answer.header.revision ?? 0),
    leader: answer.leader ?? '0',
    member: answer.header.member_id,
    raftTerm: Number(answer.raftTerm ?? 0),
  }
}

/** The machine that leads, as its own member says; others may not have heard of it yet. */
export async function leaderOf(machines: readonly Machine[]): Promise<Machine> {
  for (;;) {
    for (const machine of machines) {
      const status = await statusOf(machine)
      if (status.leader === status.member) return machine
    }
    test.info().signal.throwIfAborted()
  }
}
