// The distro profiles by name.

import type { DistroName } from '../model.ts'
import { fcos } from './fcos.ts'
import { flatcar } from './flatcar.ts'
import type { DistroProfile } from './profile.ts'
import { reference } from './reference.ts'

export {
  compareVersions,
  supportedIgnitionVersions,
  type DistroProfile,
  type SnapshotSource,
  type SpecVersion,
} from './profile.ts'

/** Every operating system that the harness can test. */
export const distroProfiles: Readonly<Record<DistroName, DistroProfile>> = { reference, flatcar, fcos }
