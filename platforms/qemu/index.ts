// The platform `qemu`: unprivileged machines on this host, over the driver in qemu/.

import type { Platform } from '../../harness/machine.ts'
import { inspectHost } from '../../qemu/index.ts'
import { qemuCapabilities } from './capabilities.ts'
import { lacks } from './lacks.ts'
import { openSession } from './session.ts'

export const qemuPlatform: Platform = {
  name: 'qemu',
  title: 'QEMU machines on this host, unprivileged; with KVM where it works',
  architectures: ['x86_64', 'arm64', 'riscv64'],
  firmwares: ['direct', 'bios', 'uefi', 'uefi-secure'],
  capabilities: qemuCapabilities,
  missing: async (_, signal) =>
    (await inspectHost({ signal })).flatMap(({ what, status, detail, remedy }) =>
      status === 'missing'
        ? [`${what}: ${detail}${remedy === undefined ? '' : `; mend it: ${remedy.join(' ')}`}`]
        : [],
    ),
  lacks,
  open: openSession,
}
