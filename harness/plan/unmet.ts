// What a test asks for and this host cannot give, pure: decided before anything starts, so that a test that can never run
// here is skipped with all its reasons, instead of waiting for memory that will not come.

import type { MachineSpec, PlatformSession } from '../machine.ts'
import { formatMiB } from '../memory-text.ts'
import type { Requirements } from '../requirements.ts'

/** What an opened platform says of itself. */
export type HostOffer = Pick<PlatformSession, 'budget' | 'facts' | 'privateNetworks' | 'refuses'>

/**
 * Each unmet requirement as `needs <what was asked>; <the largest or the ones there are>`; empty when all can be met.
 * `spec` is one of the test's machines, as the platform will be asked for it.
 */
export function unmetByHost(
  needs: Requirements,
  spec: MachineSpec,
  platform: string,
  offer: HostOffer,
): readonly string[] {
  return [
    ...offer.refuses(spec),
    unmetMemory(needs, spec, offer),
    spec.cpus > offer.budget.cpus
      ? `needs ${spec.cpus} CPUs a machine; this host's budget is ${offer.budget.cpus}`
      : undefined,
    needs.privateNetwork === true && offer.privateNetworks === undefined
      ? `needs a private network; platform ${platform} has none`
      : undefined,
    unmetAccelerator(needs, offer),
  ].filter((reason) => reason !== undefined)
}

/** All machines of a test run at once. CPUs they share with one another; memory they cannot. */
function unmetMemory(
  { machines = 1 }: Requirements,
  { memoryMiB }: MachineSpec,
  { budget }: HostOffer,
): string | undefined {
  const most = budget.memoryMiB
  // Of a single machine that is too big the platform has spoken.
  if (memoryMiB > most || machines * memoryMiB <= most) return undefined
  const asked = `${formatMiB(machines * memoryMiB)} of memory for its ${machines} machines`
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
