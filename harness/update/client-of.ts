// The update client of a machine, by what its distro profile says.

import { UsageError } from '../errors.ts'
import type { Machine } from '../fixtures/fixtures.ts'
import type { DistroProfile } from '../profiles/index.ts'
import { sysupdateClient } from './sysupdate.ts'
import type { UpdateClient } from './update-client.ts'
import { updateEngineClient } from './update-engine.ts'

/** Throws UsageError `no-update-client` for an OS whose updates the harness cannot drive. */
export function updateClientOf(machine: Machine, profile: DistroProfile): UpdateClient {
  switch (profile.updateClient) {
    case 'systemd-sysupdate':
      return sysupdateClient(machine)
    case 'update_engine':
      return updateEngineClient(machine)
    case undefined:
      throw new UsageError(`updates of ${profile.title} cannot be driven`, {
        code: 'no-update-client',
        hint: 'a test that names the payloads it needs is skipped there',
      })
    default:
      return profile.updateClient satisfies never
  }
}
