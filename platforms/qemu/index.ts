// The platform `qemu`: unprivileged machines on this host, over the driver in qemu/.

import type { Platform } from '../../harness/machine.ts'
import { openSession } from './session.ts'

export const qemuPlatform: Platform = {
  name: 'qemu',
  architectures: ['x86_64', 'arm64'],
  firmwares: ['direct', 'bios', 'uefi', 'uefi-secure'],
  open: openSession,
}
