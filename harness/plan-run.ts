// What a run will do, decided once for whoever runs it and for whoever only wants to know: which tests run on this platform,
// which are skipped and why, and the jobs they form. Starts nothing.

import { specOf } from './attempt/acquire.ts'
import { seedsOf } from './attempt/seeds.ts'
import type { OnFailure } from './debugging/debugging.ts'
import { UsageError } from './errors.ts'
import { coldOnlyTests } from './forks/cold-only.ts'
import { readIgnition, validateIgnition, type IgnitionConfig } from './ignition/index.ts'
import type { OpenOptions, Platform, PlatformSession } from './machine.ts'
import type { Image, Target } from './model.ts'
import { formJobs, whyBooted, type GroupCandidate, type GroupOptions } from './plan/group.ts'
import { costOf } from './plan/cost-limit.ts'
import type { DurationBook } from './plan/durations.ts'
import type { KnownDuration, TestDurations } from './plan/estimate.ts'
import { lendDurations, type LentDurations } from './plan/lend-durations.ts'
import { makePlan, type Plan } from './plan/plan.ts'
import type { Selection } from './plan/select.ts'
import { joinReasons, unmetByHost } from './plan/unmet.ts'
import type { DistroProfile } from './profiles/index.ts'
import type { Requirements } from './requirements.ts'
import type { WhyNoPayload } from './update/index.ts'

export interface PlanningOptions extends Pick<OpenOptions, 'settings' | 'limits'> {
  readonly platform: Platform
  readonly image: Image
  readonly profile: DistroProfile
  readonly target: Target
  readonly selection: readonly Selection[]
  /** Configs that every machine gets besides what its test gives it. */
  readonly appended: readonly IgnitionConfig[]
  /** Milliseconds a test took before on this target, by name. */
  readonly recordedMs: KnownDuration
  /** The same of all targets, for tests that never ran on this one. Default: nobody lends any. */
  readonly durationBook?: DurationBook | undefined
  /** Most jobs at once; undefined: as many as the budget admits. */
  readonly jobs: number | undefined
  /** Fork booted machines where the platform can; false boots every machine. */
  readonly forks: boolean
  /** How often each test is run; undefined: until there is a verdict. */
  readonly repeat?: number | undefined
  /** Replaces what the platform says about itself. */
  readonly slowness?: number | undefined
  /** What is to happen to the machines of failed attempts. */
  readonly onFailure: OnFailure
  /** Which versions the image cannot be updated to; default: none can be had. */
  readonly whyNoPayload?: WhyNoPayload | undefined
  readonly signal: AbortSignal
}

export interface PlannedRun {
  readonly plan: Plan
  /** US dollars at the most; 0 where machines cost nothing, undefined where nobody knows. */
  readonly cost: number | undefined
  /** Most jobs at once. */
  readonly most: number
  /** How much slower than with KVM machines run. */
  readonly slowness: number
  readonly durations: TestDurations
  /** Whose durations are used where this target has none; undefined: nobody's. */
  readonly lent: LentDurations | undefined
  /** By which the jobs were formed. */
  readonly grouping: GroupOptions
}

/** Reads and validates the configs of the tests that may run. Throws UsageError for one that is wrong. */
export async function readCandidates(
  options: Pick<PlanningOptions, 'selection' | 'profile' | 'image' | 'signal'>,
): Promise<readonly GroupCandidate[]> {
  const { selection, profile, image, signal } = options
  return await Promise.all(
    selection
      .filter(({ skip }) => skip === undefined)
      .map(async ({ test }) => {
        const { ignition } = test.requirements
        if (ignition === undefined || typeof ignition === 'function') return { test, config: undefined }
        const name = `the Ignition config of ${test.name}`
        const config = await readIgnition(ignition, { name, signal })
        await validateIgnition(config, { profile, imageVersion: image.identity.version, name, signal })
        return { test, config }
      }),
  )
}

/** Makes the plan for an opened platform. Throws UsageError when it cannot do what was asked. */
export function planRun(
  options: PlanningOptions,
  session: PlatformSession,
  candidates: readonly GroupCandidate[],
): PlannedRun {
  const { platform, image, target, recordedMs, durationBook, repeat } = options
  if (options.onFailure === 'keep' && !session.capabilities.has('keep')) {
    throw new UsageError(`the platform ${platform.name} cannot keep machines`, {
      code: 'no-keep',
      hint: 'enter them with --on-failure shell, or save them with --save-failed',
    })
  }
  const grouping: GroupOptions = {
    forks: options.forks && session.forks !== undefined,
    coldOnly: coldOnlyTests(candidates.map(({ test }) => test)),
    // Each repetition is to find a machine that no other one has used.
    share: repeat === undefined,
  }
  const selection = options.selection.map((each): Selection => {
    const { test } = each
    const needs = test.requirements
    const spec = specOf({ target }, { name: 'm0', needs, hasOwnConfig: needs.ignition !== undefined })
    const seeds =
      whyBooted(test, grouping) === undefined ? seedsOf({ tests: [test] }).seeds.length : undefined
    const unmet = [
      ...unmetByHost({ needs, spec, platform: target.platform, seeds }, session),
      ...unmetUpdates(needs, options),
    ]
    return unmet.length === 0 ? each : { ...each, skip: joinReasons([each.skip ?? [], unmet].flat()) }
  })
  const skipped = new Set(selection.filter(({ skip }) => skip !== undefined).map(({ test }) => test.name))
  const jobs = formJobs(
    candidates.filter(({ test }) => !skipped.has(test.name)),
    grouping,
  )
  const slowness = options.slowness ?? session.slowness
  const tests = jobs.flatMap((job) => job.tests.map(({ name }) => name))
  const unknown = tests.filter((test) => recordedMs(test) === undefined)
  const lent =
    durationBook === undefined || unknown.length === 0
      ? undefined
      : lendDurations({ target: target.name, tests: unknown, slowness, book: durationBook })
  const expectedMs: KnownDuration = (test) => recordedMs(test) ?? lent?.ofMs(test)
  const durations: TestDurations = { recordedMs, expectedMs }
  const plan = makePlan({
    target,
    image: image.identity,
    selection,
    jobs,
    knownDurationMs: expectedMs,
    repeat,
  })
  const cost = costOf(plan, {
    session,
    specOf: ({ requirements: needs }) =>
      specOf({ target }, { name: 'm0', needs, hasOwnConfig: needs.ignition !== undefined }),
    durations,
    slowness,
    repeat,
  })
  return {
    plan,
    cost,
    most: options.jobs ?? Math.max(1, Math.floor(session.budget.cpus)),
    slowness,
    durations,
    lent,
    grouping,
  }
}

function unmetUpdates(
  { payloads = [] }: Requirements,
  { profile, whyNoPayload = () => 'needs versions to update to; there are none here' }: PlanningOptions,
): readonly string[] {
  if (payloads.length > 0 && profile.updateClient === undefined)
    return [`needs an update client that can be driven; ${profile.title} has none`]
  return [...new Set(payloads.map(whyNoPayload))].filter((reason) => reason !== undefined)
}
