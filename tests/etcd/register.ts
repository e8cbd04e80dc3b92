// One register in etcd, written by one client and read by all: what was acknowledged must never be missing from a later read. With
// values that only grow, a history is linearizable when every read lies between the last write acknowledged before it began and
// the last one begun before it ended.

import type { Machine } from '../../harness/index.ts'
import { LOCAL } from './members.ts'

const KEY = 'register'

export interface Operation {
  readonly kind: 'write' | 'read'
  readonly member: string
  /** Milliseconds of the harness's clock. */
  readonly beganMs: number
  readonly endedMs: number
  /** Written, or read; undefined: the operation was not acknowledged, and may have happened or not. */
  readonly value: number
  readonly acknowledged: boolean
}

/** Writes the next value through a member; a member without a quorum does not acknowledge it. */
export async function write(machine: Machine, value: number): Promise<Operation> {
  const beganMs = performance.now()
  const { exitCode } = await machine.exec(etcdctl(machine, ['put', KEY, String(value)]))
  return operation('write', machine, beganMs, value, exitCode === 0)
}

/** A linearizable read through a member. */
export async function read(machine: Machine): Promise<Operation> {
  const beganMs = performance.now()
  const { exitCode, stdout } = await machine.exec(etcdctl(machine, ['get', '--print-value-only', KEY]))
  return operation('read', machine, beganMs, Number(stdout.trim()), exitCode === 0)
}

/** What contradicts linearizability, a line each. */
export function violations(history: readonly Operation[]): readonly string[] {
  const writes = history.filter(({ kind }) => kind === 'write')
  return history
    .filter(({ kind, acknowledged }) => kind === 'read' && acknowledged)
    .flatMap(({ member, value, beganMs, endedMs }) => {
      const least = Math.max(
        0,
        ...writes.filter((w) => w.acknowledged && w.endedMs <= beganMs).map((w) => w.value),
      )
      const most = Math.max(0, ...writes.filter((w) => w.beganMs <= endedMs).map((w) => w.value))
      return value >= least && value <= most
        ? []
        : [`${member} read ${value}; ${least} was acknowledged before, ${most} was written last`]
    })
}

function operation(
  kind: Operation['kind'],
  machine: Machine,
  beganMs: number,
  value: number,
  acknowledged: boolean,
): Operation {
  return { kind, member: machine.name, beganMs, endedMs: performance.now(), value, acknowledged }
}

const etcdctl = (machine: Machine, args: readonly string[]): readonly string[] => [
  'etcdctl',
  `--endpoints=${LOCAL}`,
  `--command-timeout=${Math.ceil(5 * machine.slowness)}s`,
  ...args,
]
