// The versions that the image under test can be updated to, as a test gets them. The composition root says how they are made.

import type { UpdatePayload } from '../model.ts'

/**
 * What is wrong with a broken version. Everything declared of it is right (hashes, sizes, signatures), so that it is installed:
 * only a boot can tell. `corrupt-usr`: blocks of /usr are not what its hash tree says; `wrong-root-hash`: the boot files ask
 * for a /usr that no hash tree proves; `empty-usr`: /usr is a valid, empty filesystem; `kernel-panic`; `never-complete`: the boot
 * hangs before it is complete; `unhealthy`: the version's own health check fails.
 */
export const payloadDefects = [
  'corrupt-usr',
  'wrong-root-hash',
  'empty-usr',
  'kernel-panic',
  'never-complete',
  'unhealthy',
] as const
export type PayloadDefect = (typeof payloadDefects)[number]

/**
 * `own`: the version of the image under test; `next`, `after-next`: newer ones; a defect: the next one with it. `podman-extension`
 * is no version but a system extension of the image under test, one file: podman and what it needs, as Debian has them.
 */
export const payloadNames = ['own', 'next', 'after-next', ...payloadDefects, 'podman-extension'] as const
export type PayloadName = (typeof payloadNames)[number]

/** What is made before anything starts, for the tests that name it in `payloads`. */
export interface Payloads {
  /** Throws UsageError for one that the test does not name. */
  get(name: PayloadName): UpdatePayload
}

/** Why a payload cannot be had for the image under test, as `needs ...`; undefined where it can. */
export type WhyNoPayload = (name: PayloadName) => string | undefined
