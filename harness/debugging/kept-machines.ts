// Machines that were kept running: found in the ledger, where each is owned by its own process.

import { readLedger, type LedgerEntry } from '../ledger.ts'
import type { MachineName } from './machine-name.ts'

/** A kept machine that still runs, and every way into it. */
export interface KeptMachine extends MachineName {
  /** Of its ledger entry. */
  readonly id: string
  readonly pid: number
  readonly host: string
  readonly port: number
  readonly user: string
  /** The private key's file. */
  readonly key: string
  readonly slowness: number
  /** The file that its console goes to. */
  readonly console: string
  /** UNIX sockets of its serial line and its agent, where it has them. */
  readonly consoleSocket: string | undefined
  readonly agentSocket: string | undefined
}

/** All of this user, the newest run first. */
export function listKept(): readonly KeptMachine[] {
  return readLedger()
    .flatMap((entry) => (entry.ownerAlive && entry.data['kept'] === 1 ? [keptFrom(entry)] : []))
    .toSorted(
      (a, b) =>
        b.run.localeCompare(a.run) || a.test.localeCompare(b.test) || a.machine.localeCompare(b.machine),
    )
}

function keptFrom({ id, owner, data }: LedgerEntry): KeptMachine {
  const text = (key: string): string => String(data[key] ?? '')
  const path = (key: string): string | undefined => (text(key) === '' ? undefined : text(key))
  return {
    id,
    pid: owner.pid,
    run: text('run'),
    test: text('test'),
    attempt: Number(data['attempt'] ?? 1),
    machine: text('machine'),
    host: text('host'),
    port: Number(data['port'] ?? 0),
    user: text('user'),
    key: text('key'),
    slowness: Number(data['slowness'] ?? 1),
    console: text('console'),
    consoleSocket: path('consoleSocket'),
    agentSocket: path('agentSocket'),
  }
}
