// Machines for a command that runs no tests: which image and platform the flags mean, and the environment in which
// machines of it are made.

import { join } from 'node:path'
import { loadPlatform } from '../../platforms/index.ts'
import { defaultTimeouts, openSlots, openNotices, type RunEnvironment } from '../attempt/environment.ts'
import { withoutDebugging } from '../debugging/debugging.ts'
import type { Platform, PlatformSession } from '../machine.ts'
import type { Image, Target } from '../model.ts'
import { distroProfiles, type DistroProfile } from '../profiles/index.ts'
import type { TargetFlags } from './option-table.ts'
import { heldImage, resolveImage, targetOf } from './resolve-image.ts'

export interface ChosenTarget {
  readonly platform: Platform
  readonly image: Image
  readonly profile: DistroProfile
  readonly target: Target
}

/** What the target options mean; builds the reference image when it is needed and not there. */
export async function chooseTarget(flags: TargetFlags, signal: AbortSignal): Promise<ChosenTarget> {
  const platform = await loadPlatform(flags.platform)
  const image =
    platform.images === 'own' && flags.image === undefined
      ? heldImage(flags)
      : await resolveImage(flags, signal)
  const profile = distroProfiles[image.identity.distro]
  const target = targetOf(image.identity, image.firmwares, platform.name, flags)
  return { platform, image, profile, target }
}

/** An environment without planned tests. */
export function machineEnvironment(
  { image, profile, target }: ChosenTarget,
  session: PlatformSession,
  rest: Pick<RunEnvironment, 'sshKey' | 'emit' | 'runFolder' | 'signal'>,
): RunEnvironment {
  return {
    ...rest,
    attemptsFolder: join(rest.runFolder, 'attempts'),
    slowness: session.slowness,
    noticeOnce: openNotices(rest.emit),
    target,
    image,
    profile,
    session,
    payloads: undefined,
    appended: [],
    planned: new Map(),
    debugging: withoutDebugging,
    updateSnapshots: 'none',
    timeouts: defaultTimeouts(session.slowness),
    ...openSlots(session.budget),
  }
}

/** Prints what a platform has to say, and nothing else. */
export const printNotices: RunEnvironment['emit'] = (event) => {
  if (event.type === 'run.notice') process.stderr.write(`${event.level}: ${event.message}\n`)
}
