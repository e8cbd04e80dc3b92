// What every attempt of a run shares.

import type { Emit } from '../events.ts'
import type { PlatformSession } from '../machine.ts'
import type { Image, PlannedTest, Target } from '../model.ts'
import type { DistroProfile } from '../profiles/index.ts'
import { Slots, type SshKey } from '../ssh/index.ts'

export interface RunEnvironment {
  readonly target: Target
  readonly image: Image
  readonly profile: DistroProfile
  readonly session: PlatformSession
  readonly sshKey: SshKey
  readonly emit: Emit
  /** Absolute; `attempts/<test>/<n>/` lies in it. */
  readonly runFolder: string
  /** Aborts when the run is interrupted. */
  readonly signal: AbortSignal
  readonly planned: ReadonlyMap<string, PlannedTest>
  /** Clones that may come up at once: more only make each other slow. */
  readonly forkSlots: Slots
  /** Budgets in wall milliseconds. */
  readonly timeouts: Timeouts
}

/** Two processors' worth of guests a clone, at least two clones. */
export function openForkSlots({ budget }: Pick<PlatformSession, 'budget'>): Slots {
  return new Slots(Math.max(2, Math.floor(budget.cpus / 2)))
}

export interface Timeouts {
  readonly acquireMs: number
  /** From created to ready. */
  readonly readyMs: number
  /** Multiplies a test's own `timeoutMs`. */
  readonly bodyScale: number
  readonly collectMs: number
  readonly checksMs: number
  readonly teardownMs: number
}

/** The defaults for a platform that is `slowness` times slower than KVM. */
export function defaultTimeouts(slowness: number): Timeouts {
  return {
    acquireMs: 60_000 + 30_000 * slowness,
    readyMs: 60_000 * slowness,
    bodyScale: slowness,
    collectMs: 15_000 + 15_000 * slowness,
    checksMs: 15_000 + 15_000 * slowness,
    teardownMs: 60_000,
  }
}
