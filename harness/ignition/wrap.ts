// Puts the harness's own parts (SSH key, updates off, journal) around the tests' configs without touching a byte of
// them: the harness's config is the parent, the tests' configs are merged into it as data URLs and win where they differ.

import { UsageError } from '../errors.ts'
import { supportedIgnitionVersions, type DistroProfile } from '../profiles/index.ts'
import { agentUnit } from './agent-unit.ts'
import { dataUrl, joinFragments, type IgnitionFragment } from './fragment.ts'
import { wrapV2 } from './inject-v2.ts'
import { journalUnit } from './journal-unit.ts'
import type { IgnitionConfig } from './source.ts'

export interface WrapOptions {
  readonly profile: DistroProfile
  readonly imageVersion?: string | undefined
  /** `authorized_keys` lines for `user`; none are added when this is empty. */
  readonly publicKeys: readonly string[]
  /** Default: the profile's user. Another one must be made by a test's config. */
  readonly user?: string | undefined
  /** Leave the image's automatic updates alone. Default false. */
  readonly keepUpdates?: boolean | undefined
  /** The guest's character device for the journal; no unit is added without it. */
  readonly journalDevice?: string | undefined
  /** The guest's character device for the harness's agent; no unit is added without it. */
  readonly agentDevice?: string | undefined
  /** Further parts of the harness. */
  readonly extra?: readonly IgnitionFragment[] | undefined
}

/**
 * The config that a machine is booted with. Several configs (tests that share a boot) are merged in order; see
 * `findConflicts` for which may be. The parent is of the lowest version, so it never asks more than the tests do.
 */
export function wrapIgnition(configs: readonly IgnitionConfig[], options: WrapOptions): string {
  const fragment = harnessFragment(options)
  const majors = new Set(configs.map((config) => config.version.split('.')[0]))
  if (majors.size > 1) {
    throw new UsageError('Ignition configs of spec 2.x and 3.x cannot be given to one machine', {
      code: 'ignition-mixed-versions',
    })
  }
  const supports3 = supportedIgnitionVersions(options.profile, options.imageVersion).includes('3.0.0')
  if (majors.has('2') || (majors.size === 0 && !supports3)) return wrapV2(configs, fragment)
  return JSON.stringify(wrapV3(configs, fragment))
}

function harnessFragment(options: WrapOptions): Required<IgnitionFragment> {
  const { profile, publicKeys, user = profile.defaultUser, journalDevice, agentDevice } = options
  return joinFragments([
    publicKeys.length === 0 ? {} : { sshKeys: [{ user, publicKeys }] },
    options.keepUpdates === true ? {} : profile.updatesOff,
    journalDevice === undefined ? {} : journalUnit(journalDevice),
    agentDevice === undefined ? {} : agentUnit(agentDevice),
    ...(options.extra ?? []),
  ])
}

/** Spec 3.0.0. A child's entry of the same path, unit or user is merged over the parent's. */
function wrapV3(configs: readonly IgnitionConfig[], fragment: Required<IgnitionFragment>): unknown {
  const { files, units, sshKeys } = fragment
  // Tests that share a boot by having the same config: merged twice, a file's `append` would be appended twice.
  const texts = new Set(configs.map((config) => config.text))
  const merge = Array.from(texts, (text) => ({ source: dataUrl(text) }))
  return {
    ignition: { version: '3.0.0', ...(merge.length === 0 ? {} : { config: { merge } }) },
    ...(sshKeys.length === 0
      ? {}
      : {
          passwd: {
            users: sshKeys.map(({ user, publicKeys }) => ({ name: user, sshAuthorizedKeys: publicKeys })),
          },
        }),
    ...(files.length === 0
      ? {}
      : {
          storage: {
            files: files.map(({ path, text, mode }) => ({
              path,
              mode,
              overwrite: true,
              contents: { source: dataUrl(text) },
            })),
          },
        }),
    ...(units.length === 0 ? {} : { systemd: { units } }),
  }
}
