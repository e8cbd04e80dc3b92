// What a test asks for and this host cannot give, pure: decided before anything starts, so that a test that can never run
// here is skipped with all its reasons, instead of waiting for memory that will not come.

import type { MachineSpec, PlatformSession } from '../machine.ts'
import { formatMiB } from '../memory-text.ts'
import type { Requirements } from '../requirements.ts'
import { FIRST_GUESS } from './cost.ts'

/** What an opened platform says of itself. */
export type HostOffer = Pick<PlatformSession, 'budget' | 'facts' | 'privateNetworks' | 'refuses'>

export interface WantedMachines {
  readonly needs: Requirements
  /** One of the test's machines, as the platform will be asked for it. */
  readonly spec: MachineSpec
  readonly platform: string
  /** How many machines are booted for the others to be forked from; undefined where all are booted. */
  readonly seeds: number | undefined
}

/** Each unmet requirement as `needs <what was asked>; <the largest or the ones there are>`; empty when all can be met. */
export function unmetByHost(wanted: WantedMachines, offer: HostOffer): readonly string[] {
  const { needs, spec, platform } = wanted
  return [
    ...offer.refuses(spec),
    unmetMemory(wanted, offer),
    spec.cpus > offer.budget.cpus
      ? `needs ${spec.cpus} CPUs a machine; this host's budget is ${offer.budget.cpus}`
      : undefined,
    needs.privateNetwork === true && offer.privateNetworks === undefined
      ? `needs a private network; platform ${platform} has none`
      : undefined,
    unmetAccelerator(needs, offer),
  ].filter((reason) => reason !== undefined)
}

/** All machines of a test run at once. CPUs they share with one another; memory only as clones of one template. */
function unmetMemory(
  { needs: { machines = 1 }, spec: { memoryMiB }, seeds }: WantedMachines,
  { budget }: HostOffer,
): string | undefined {
  const most = budget.memoryMiB
  const atOnce = seeds === undefined ? machines : Math.max(seeds, machines * FIRST_GUESS)
  // Of a single machine that is too big the platform has spoken.
  if (memoryMiB > most || atOnce * memoryMiB <= most) return undefined
  const asked = `${formatMiB(atOnce * memoryMiB)} of memory for its ${machines} machines`
  return `needs ${asked}; the largest that fits this host's budget is ${formatMiB(most)}`
}

function unmetAccelerator({ accelerators }: Requirements, { facts }: HostOffer): string | undefined {
  const { accelerator = 'none' } = facts
  if (accelerators === undefined || accelerators.some((name) => name === accelerator)) return undefined
  return `needs accelerator ${accelerators.join(' or ')}; this host has ${accelerator}`
}

/** Reasons as one line; each can be told from the next. */
export function joinReasons(reasons: readonly string[]): string | undefined {
  return reasons.length === 0 ? undefined : reasons.join('; also ')
}
