// What the flags of a run mean for one target: platform, image, tests, and what its plan is made of. Nothing starts here.

import { loadPlatform } from '../../platforms/index.ts'
import type { Platform } from '../machine.ts'
import type { Image, Target } from '../model.ts'
import type { PlanningOptions } from '../plan-run.ts'
import type { IgnitionConfig } from '../ignition/index.ts'
import { distroProfiles } from '../profiles/index.ts'
import { UsageError } from '../errors.ts'
import { excludeTags } from './exclude-tags.ts'
import type { Choose, ChosenTests } from './choose-tests.ts'
import type { ChosenTarget } from './config/settings.ts'
import type { DebugPlan } from './debug-flags.ts'
import { withMachineDefaults } from './machine-defaults.ts'
import { architectures, firmwares, type RunFlags } from './option-table.ts'
import { joinReasons } from '../plan/unmet.ts'
import { whyNoPayload } from './payload-source.ts'
import { limitsOf, settingsOf } from './platform-settings.ts'
import { readConfigFile } from './read-config-file.ts'
import { heldImage, oneOfWords, resolveImage, targetOf } from './resolve-image.ts'
import { retryPolicyOf, type RetryOptions } from './retry-flags.ts'

/** Share of the forked tests that are also booted in CI, unless told otherwise. */
const CI_AUDIT = 0.05

/** A target of a run, and its tests. */
export interface OpenedTarget extends ChosenTests {
  readonly flags: RunFlags
  readonly platform: Platform
  readonly image: Image
  readonly target: Target
  readonly slowness: number | undefined
  readonly policy: RetryOptions
  /** What every machine gets besides. */
  readonly appended: readonly IgnitionConfig[]
}

/**
 * What a target comes to, before anything starts; `imageOf` may build the image. Throws UsageError when no test is selected, and no option says why.
 */
export async function openTarget(
  wanted: ChosenTarget,
  choose: Choose,
  signal: AbortSignal,
  imageOf = resolveImage,
): Promise<OpenedTarget> {
  const { flags: chosen, excludeTags: excluded, slowness } = wanted
  const flags = chosen as unknown as RunFlags
  const policy = retryPolicyOf(flags)
  const platform = await loadPlatform(flags.platform)
  if (wanted.mayBeLeftOut === true) requireHere(platform, flags)
  const image =
    platform.images === 'own' && flags.image === undefined ? heldImage(flags) : await imageOf(flags, signal)
  const target = targetOf(image.identity, image.firmwares, platform.name, flags, wanted)
  const tests = await choose(target, signal, flags, image.features)
  if (tests.nothing !== undefined && tests.selection.length === 0) {
    for (const { message } of tests.remarks) process.stderr.write(`${message}\n`)
  } else if (tests.selection.length === 0) {
    throw new UsageError('no test was selected', { code: 'nothing-selected' })
  }
  const selection = withMachineDefaults(excludeTags(tests.selection, excluded, target.name), flags)
  const profile = distroProfiles[image.identity.distro]
  const files = flags.appendIgnition ?? []
  const appended = await Promise.all(
    files.map(async (path) => await readConfigFile(path, { profile, image })),
  )
  return { ...tests, flags, platform, image, target, selection, slowness, policy, appended }
}

/** Before an image is built that could not be booted here. */
function requireHere(platform: Platform, { arch, firmware, tpm }: RunFlags): void {
  const architecture = arch === undefined ? undefined : oneOfWords('architecture', arch, architectures)
  const reasons = platform.lacks?.({
    ...(architecture === undefined ? {} : { architecture }),
    ...(firmware === undefined ? {} : { firmware: oneOfWords('firmware', firmware, firmwares) }),
    tpm: tpm === 'on',
  })
  const text = joinReasons(reasons ?? [])
  if (text !== undefined) throw new UsageError(text, { code: 'not-on-this-host' })
}

/** What the plan of a target is made of, the same for a run and for `plan`. */
export function planningOf(
  opened: OpenedTarget,
  { oneJob, onFailure }: DebugPlan,
  signal: AbortSignal,
): PlanningOptions & { readonly auditForks: number } {
  const { flags, policy, platform, image, target, selection, recordedMs, durationBook, slowness, appended } =
    opened
  return {
    platform,
    image,
    profile: distroProfiles[image.identity.distro],
    target,
    selection,
    appended,
    recordedMs,
    durationBook,
    jobs: oneJob ? 1 : flags.jobs,
    forks: flags.fork,
    repeat: policy.repeat,
    slowness,
    onFailure,
    settings: settingsOf(flags),
    limits: limitsOf(flags),
    whyNoPayload: whyNoPayload(image, flags),
    auditForks: flags.auditFork ?? (process.env['CI'] && policy.repeat === undefined ? CI_AUDIT : 0),
    signal,
  }
}
