// The state of a machine as data: what runs, what is mounted, how its kernel is set, who may log in, what was changed in /etc. In
// stable order and without what differs from boot to boot, so that two can be compared.

import type { Architecture, DistroName } from '../model.ts'

/** The parts of a snapshot; each is a table of names and what is said of them. */
export const snapshotSections = [
  /** Active and failed units: `active running`. */
  'units',
  /** Installed unit files: `enabled`, `static`, `masked`. */
  'unitFiles',
  /** Mount points: type, source, options. */
  'mounts',
  'sysctls',
  /** `tcp 0.0.0.0:22`, and the program. */
  'listeners',
  /** Accounts: ids, home, shell, and whether the password is locked. Never a password. */
  'users',
  'groups',
  /** Installed packages and their versions, where the OS says. */
  'packages',
  /** Release and command line. */
  'kernel',
  /** How the kernel was built, where it says. */
  'kernelConfig',
  /** What of /etc is not as the image ships it: `added`, `changed`, `removed`. */
  'etc',
] as const

export type SnapshotSection = (typeof snapshotSections)[number]

/** Names and values of one part. */
export type SnapshotTable = Readonly<Record<string, string>>

export interface MachineSnapshot {
  readonly distro: DistroName
  readonly architecture: Architecture
  readonly sections: Readonly<Record<SnapshotSection, SnapshotTable>>
}

/** Names of a part that are not compared. */
export type SnapshotExceptions = Partial<Readonly<Record<SnapshotSection, readonly (string | RegExp)[]>>>

const shows = (value: string | undefined): string => (value === undefined ? 'nothing' : JSON.stringify(value))

/**
 * What of `actual` is not as in `expected`, a line each, in stable order: `units: ssh.service: expected "active running", is
 * nothing`. Names in `except` are left out: text is a whole name.
 */
export function snapshotDifferences(
  expected: MachineSnapshot,
  actual: MachineSnapshot,
  except: SnapshotExceptions = {},
): readonly string[] {
  return snapshotSections.flatMap((section) => {
    const [want, have] = [expected.sections[section], actual.sections[section]]
    const names = [...new Set([...Object.keys(want), ...Object.keys(have)])].toSorted()
    const left = except[section] ?? []
    return names
      .filter((name) => want[name] !== have[name] && !left.some((each) => fits(each, name)))
      .map((name) => `${section}: ${name}: expected ${shows(want[name])}, is ${shows(have[name])}`)
  })
}

const fits = (pattern: string | RegExp, name: string): boolean =>
  typeof pattern === 'string' ? pattern === name : pattern.test(name)
