// What this host lacks for a kind of machine, before there is an image. Looks at files only.

import type { MachineKind } from '../../harness/platform.ts'
import {
  emulatorName,
  emulatorPackage,
  findFirmware,
  findProgram,
  firmwarePackage,
} from '../../qemu/index.ts'

/** Each lack as `needs <what>; <what mends it>`. */
export function lacks({ architecture = 'x86_64', firmware, tpm }: MachineKind): readonly string[] {
  const isUefi = firmware === 'uefi' || firmware === 'uefi-secure'
  const emulator = emulatorName(architecture)
  return [
    findProgram(emulator) === undefined
      ? `needs ${emulator}; this host has none: apt-get install ${emulatorPackage(architecture)}`
      : undefined,
    isUefi && findFirmware(architecture, firmware) === undefined
      ? `needs firmware ${firmware} for ${architecture}; this host has none: apt-get install ${firmwarePackage(architecture)}`
      : undefined,
    tpm && findProgram('swtpm') === undefined
      ? 'needs a TPM; this host has no swtpm: apt-get install swtpm'
      : undefined,
  ].filter((reason) => reason !== undefined)
}
