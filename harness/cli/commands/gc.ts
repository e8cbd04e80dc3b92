// `signalbox gc`: removes what killed runs left behind, on this host, or what a platform knows by its tags.

import { loadPlatform } from '../../../platforms/index.ts'
import { reapDeadMachines, reapDetachedMachines } from '../../../qemu/index.ts'
import { formatSeconds } from '../../deadline.ts'
import { UsageError } from '../../errors.ts'
import { oneLine } from '../../hostile-text.ts'
import { chooseLeases } from '../../leases/choose-leases.ts'
import type { Lease } from '../../machine.ts'
import { listenForInterrupts } from '../interrupt.ts'
import type { TargetFlags } from '../option-table.ts'
import { settingsOf } from '../platform-settings.ts'

interface GcFlags extends Pick<TargetFlags, 'set'> {
  readonly all: boolean
  readonly json: boolean
  readonly platform?: string
  /** Milliseconds. */
  readonly olderThan?: number
  readonly dryRun: boolean
}

/** The action of `gc`. */
export async function gc(given: Readonly<Record<string, unknown>>): Promise<number> {
  const flags = given as unknown as GcFlags
  if (flags.platform !== undefined && flags.platform !== 'qemu')
    return await reapPlatform(flags, flags.platform)
  if (flags.olderThan !== undefined || flags.dryRun)
    throw new UsageError('--older-than and --dry-run are for what a platform knows by its tags', {
      code: 'no-leases',
      hint: 'name one: signalbox gc --platform aws --older-than 5h --dry-run',
    })
  const removed = [...(await reapDeadMachines()), ...(flags.all ? await reapDetachedMachines() : [])]
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(removed, undefined, 2)}\n`)
    return 0
  }
  if (removed.length === 0) process.stdout.write('nothing was left behind\n')
  for (const { kind, id, killed, folders } of removed) {
    const processes = killed.length === 0 ? '' : `, ended process ${killed.join(', ')}`
    process.stdout.write(`removed ${kind} ${id}${processes}${folders.map((path) => `, ${path}`).join('')}\n`)
  }
  return 0
}

async function reapPlatform(flags: GcFlags, name: string): Promise<number> {
  const platform = await loadPlatform(name)
  const leases = await platform.leases?.({ settings: settingsOf(flags) })
  if (leases === undefined)
    throw new UsageError(`the platform ${name} has nothing that outlives its runs`, { code: 'no-leases' })
  using interrupts = listenForInterrupts()
  const { signal } = interrupts
  const nowMs = Date.now()
  const found = await leases.list(signal)
  const { olderThan } = flags
  const chosen = chooseLeases(found, { olderThanMs: olderThan, deadRuns: leases.deadRuns(), nowMs })
  const failed = flags.dryRun ? [] : await leases.reap(chosen, signal)
  const left = new Set(failed.map(({ lease }) => lease))
  const removed = flags.dryRun ? [] : chosen.filter((lease) => !left.has(lease))
  if (flags.json) {
    const document = { found, chosen, removed, failed, dryRun: flags.dryRun }
    process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`)
  } else {
    const verb = flags.dryRun ? 'would remove' : 'removed'
    for (const lease of flags.dryRun ? chosen : removed)
      process.stdout.write(`${verb} ${described(lease, nowMs)}\n`)
    for (const { lease, reason } of failed)
      process.stderr.write(`could not remove ${described(lease, nowMs)}: ${oneLine(reason)}\n`)
    const kept = found.length - chosen.length
    if (chosen.length === 0) process.stdout.write('nothing to remove\n')
    if (kept > 0) process.stdout.write(`${kept} in use or too young: left alone\n`)
  }
  return failed.length === 0 ? 0 : 3
}

function described({ kind, id, run, place, createdAtMs }: Lease, nowMs: number): string {
  return oneLine(`${kind} ${id} in ${place}, of run ${run}, ${formatSeconds(nowMs - createdAtMs)} old`)
}
