// What external machines were left behind: those in the ledger of this host whose process is gone. A reaped one is deprovisioned by
// the same program that a run would have used, under the host's lock.

import { readLedger, strikeFromLedger } from '../../harness/ledger.ts'
import { messageOf } from '../../harness/errors.ts'
import type { Lease, Leases, PlatformContext } from '../../harness/machine.ts'
import { EXTERNAL_KIND } from './machine.ts'
import { tryHold } from './pool.ts'
import { runProgram } from './programs.ts'
import { liveMachine } from './session.ts'
import { nameOf, readExternal, type HostAddress } from './settings.ts'

type Entry = ReturnType<typeof readLedger>[number]

const entries = (): readonly Entry[] => readLedger().filter(({ kind }) => kind === EXTERNAL_KIND)

/** Opens the ledger's view; reaping needs the settings of the runs that left something. */
export async function openLeases(context: PlatformContext): Promise<Leases> {
  return await Promise.resolve({
    list: async () => await Promise.resolve(entries().map(leaseOf)),
    deadRuns: () => {
      const alive = new Set(entries().flatMap((each) => (each.ownerAlive ? [runOf(each)] : [])))
      return new Set(entries().flatMap((each) => (alive.has(runOf(each)) ? [] : [runOf(each)])))
    },
    async reap(leases, signal) {
      const left: { lease: Lease; reason: string }[] = []
      for (const lease of leases) {
        const reason = await reapOne(lease, context, signal)
        if (reason !== undefined) left.push({ lease, reason })
      }
      return left
    },
  })
}

async function reapOne(
  lease: Lease,
  context: PlatformContext,
  signal: AbortSignal,
): Promise<string | undefined> {
  const entry = entries().find(({ id }) => id === lease.id)
  if (entry === undefined) return undefined
  const own = liveMachine(lease.id)
  if (own !== undefined) {
    await own[Symbol.asyncDispose]()
    return undefined
  }
  if (entry.ownerAlive) return `process ${entry.owner.pid} uses it: end that first`
  const config = readExternal(context)
  const address = addressIn(entry)
  await using stack = new AsyncDisposableStack()
  if (address !== undefined && config.hosts.some((host) => nameOf(host) === nameOf(address))) {
    const held = await tryHold(config, address)
    // Whoever has it now has made it anew.
    if (held === undefined) {
      strikeFromLedger(lease.id)
      return undefined
    }
    stack.use(held)
  }
  const { deprovision } = config.programs
  try {
    if (deprovision !== undefined)
      await runProgram(
        'deprovision',
        deprovision,
        { machine: lease.id, run: lease.run, address },
        config,
        signal,
      )
  } catch (error) {
    signal.throwIfAborted()
    return messageOf(error)
  }
  strikeFromLedger(lease.id)
  return undefined
}

function leaseOf(entry: Entry): Lease {
  const address = addressIn(entry)
  return {
    kind: 'machine',
    id: entry.id,
    run: runOf(entry),
    place: address === undefined ? 'unknown' : nameOf(address),
    createdAtMs: Number(entry.data['createdAtMs']),
    expiresAtMs: Number(entry.data['expiresAtMs']),
  }
}

function addressIn({ data: { host, port } }: Entry): HostAddress | undefined {
  return typeof host === 'string' && typeof port === 'number' ? { host, port } : undefined
}

function runOf({ data }: Entry): string {
  return String(data['run'])
}
