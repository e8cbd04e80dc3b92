// What every attempt of a run shares.

import type { Debugging } from '../debugging/debugging.ts'
import type { Emit, EventOf } from '../events.ts'
import type { IgnitionConfig } from '../ignition/index.ts'
import type { PlatformSession } from '../machine.ts'
import type { Image, PlannedTest, Target } from '../model.ts'
import type { DistroProfile } from '../profiles/index.ts'
import { Slots, type SshKey } from '../ssh/index.ts'
import type { UpdateMode } from '../snapshot/index.ts'
import type { Payloads } from '../update/index.ts'

export interface RunEnvironment {
  readonly target: Target
  readonly image: Image
  readonly profile: DistroProfile
  readonly session: PlatformSession
  readonly sshKey: SshKey
  /** Versions that the image can be updated to, where there are any. */
  readonly payloads: Payloads | undefined
  /** Configs that every machine gets besides what its test gives it. */
  readonly appended: readonly IgnitionConfig[]
  readonly emit: Emit
  readonly noticeOnce: NoticeOnce
  /** Absolute; paths in events are relative to it. */
  readonly runFolder: string
  /** Absolute, in the run's folder; `<test>/<n>/` lies in it. */
  readonly attemptsFolder: string
  /** How much slower than KVM the machines are. */
  readonly slowness: number
  /** Aborts when the run is interrupted. */
  readonly signal: AbortSignal
  readonly planned: ReadonlyMap<string, PlannedTest>
  /** Clones that may come up at once: more only make each other slow. */
  readonly forkSlots: Slots
  /** Machines that may boot at once, up to userspace: more only make each other slow. */
  readonly bootSlots: Slots
  /** What is done for people who watch. */
  readonly debugging: Debugging
  readonly updateSnapshots: UpdateMode
  /** Budgets in wall milliseconds. */
  readonly timeouts: Timeouts
}

/** Says something to the user, unless the same cause has been named before: what it means for other tests is the same. */
export type NoticeOnce = (
  notice: Pick<EventOf<'run.notice'>, 'level' | 'code' | 'message'>,
  cause: string,
) => void

/** Opens the memory of what was said. */
export function openNotices(emit: Emit): NoticeOnce {
  const said = new Set<string>()
  return (notice, cause) => {
    const key = `${notice.code} ${cause}`
    if (said.has(key)) return
    said.add(key)
    emit({ type: 'run.notice', ...notice })
  }
}

/** How many machines may come up at once. */
export function openSlots(
  budget: PlatformSession['budget'],
): Pick<RunEnvironment, 'forkSlots' | 'bootSlots'> {
  // The budget counts each processor of the host twice.
  const processors = Math.floor(budget.cpus / 2)
  return {
    // A clone keeps one and a half busy, and waits in between: eight of a cluster take 11 s two at a time, 18 s one by one, 12 s
    // three at a time.
    forkSlots: new Slots(Math.max(1, processors)),
    // A boot keeps two busy, and two that share them come up later than one after the other (emulated, 85 s each beside each
    // other, 43 s alone).
    bootSlots: new Slots(Math.max(1, Math.floor(processors / 2))),
  }
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

const WEEK_MS = 7 * 24 * 3_600_000

/** For a person who looks on: nothing runs out of time but the teardown. A week is more than anybody waits. */
export const endlessTimeouts: Timeouts = {
  acquireMs: WEEK_MS,
  readyMs: WEEK_MS,
  // Times the budget of a body, which is a minute where it says nothing.
  bodyScale: 1_000_000,
  collectMs: WEEK_MS,
  checksMs: WEEK_MS,
  teardownMs: 60_000,
}
