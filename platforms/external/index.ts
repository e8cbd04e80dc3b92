// The platform `external`: hosts that are there already, or that a site's own programs make: bare metal, PXE, another cloud.

import type { Platform } from '../../harness/machine.ts'
import { openLeases } from './leases.ts'
import { listQuarantined } from './pool.ts'
import { NO_TPM, openSession } from './session.ts'
import { externalSettings, readExternal, whyNoHosts } from './settings.ts'

export const externalPlatform: Platform = {
  name: 'external',
  title: 'hosts that answer SSH: from a list, or made by programs of yours',
  architectures: ['x86_64', 'arm64', 'riscv64'],
  firmwares: ['uefi', 'bios', 'uefi-secure'],
  capabilities: ['user-data', 'console', 'power', 'reset', 'lease'],
  images: 'own',
  settings: externalSettings,
  async missing(context) {
    const config = readExternal(context)
    const nothing = whyNoHosts(config)
    const out = await listQuarantined(config, Date.now())
    return [
      ...(nothing === undefined ? [] : [nothing]),
      ...out.map(
        ({ host, untilMs, why }) =>
          `${host} is in quarantine until ${new Date(untilMs).toISOString()}: ${why}`,
      ),
    ]
  },
  lacks: ({ tpm }) => (tpm ? [NO_TPM] : []),
  open: openSession,
  leases: openLeases,
}
