// What differs between the operating systems that the harness can test, as data, and the questions asked of it.

import type { Architecture, DistroName } from '../model.ts'
import type { IgnitionFragment } from '../ignition/fragment.ts'

/** An Ignition spec version, and the first image version that reads it where not all do. */
export interface SpecVersion {
  readonly version: string
  readonly since?: string
}

/** Where this OS says what it was shipped as, for snapshots of its state. */
export interface SnapshotSource {
  /** The folder with /etc as the image has it. */
  readonly pristineEtc?: string
  /** A shell command that prints `name version` of every installed package. */
  readonly packages?: string
}

export interface DistroProfile {
  readonly name: DistroName
  /** As people write it. */
  readonly title: string
  /** How /etc/os-release tells that this OS was booted. */
  readonly readyOsRelease: { readonly field: string; readonly value: string }
  /** QEMU fw_cfg name under which its Ignition looks for a config. */
  readonly fwCfgKey: string
  /** Exactly the stable spec versions that it reads, oldest first. */
  readonly ignitionVersions: readonly SpecVersion[]
  /** The user that exists in the image, gets the SSH key and may use sudo without a password. */
  readonly defaultUser: string
  /** The program that updates it, where the harness can drive that. */
  readonly updateClient: 'systemd-sysupdate' | 'update_engine' | undefined
  /** Keeps automatic updates from changing the machine under a test. */
  readonly updatesOff: IgnitionFragment
  /** Where programs of its administrators lie: writable, and on no path of a unit's unless it is /usr/local/bin. */
  readonly programFolder: string
  readonly snapshot: SnapshotSource
  /** The serial console by architecture, as the kernel names it. */
  readonly consoleDevice: Readonly<Record<Architecture, string>>
}

/** The Ignition spec versions that an image of this OS reads; with no image version, those of its newest. */
export function supportedIgnitionVersions(
  profile: DistroProfile,
  imageVersion: string | undefined,
): readonly string[] {
  return profile.ignitionVersions
    .filter(
      ({ since }) =>
        since === undefined || imageVersion === undefined || compareVersions(imageVersion, since) >= 0,
    )
    .map(({ version }) => version)
}

/** Compares dotted numbers of any length (`3510.2.0+build`, `43.20251101.3.0`); what follows `+` or `-` is not looked at. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbers(a), numbers(b)]
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0)
    if (difference !== 0) return Math.sign(difference)
  }
  return 0
}

function numbers(version: string): readonly number[] {
  return (version.split(/[+-]/)[0] ?? '').split('.').map((part) => Number.parseInt(part, 10) || 0)
}
