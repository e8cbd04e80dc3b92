// What this host lacks for a kind of machine, before there is an image. Looks at files only.

import type { Architecture, Firmware } from '../../harness/model.ts'
import type { MachineKind } from '../../harness/platform.ts'
import { emulatorName, emulatorPackage, findFirmware, findProgram, firmwareAdvice } from '../../qemu/index.ts'

export const NO_SOFTWARE_TPM = 'needs a TPM; this host has no swtpm: apt-get install swtpm'

/** Each lack as `needs <what>; <what mends it>`. */
export function lacks({ architecture = 'x86_64', firmware, tpm }: MachineKind): readonly string[] {
  const isUefi = firmware === 'uefi' || firmware === 'uefi-secure'
  const emulator = emulatorName(architecture)
  return [
    findProgram(emulator) === undefined
      ? `needs ${emulator}; this host has none: apt-get install ${emulatorPackage(architecture)}`
      : undefined,
    isUefi && findFirmware(architecture, firmware) === undefined
      ? `needs firmware ${firmware} for ${architecture}; this host has none: ${firmwareAdvice(architecture, firmware)}`
      : undefined,
    tpm && findProgram('swtpm') === undefined ? NO_SOFTWARE_TPM : undefined,
    tpm && firmware !== undefined ? noTpmFor(architecture, firmware) : undefined,
  ].filter((reason) => reason !== undefined)
}

/**
 * Why there is no TPM beside a firmware. QEMU puts an initrd 160 KiB below the end of the memory (`acpi_data_size`), where SeaBIOS has its
 * ACPI tables and, with a TPM, 64 KiB more of its event log: the tables are overwritten, and the kernel has neither ACPI nor fw_cfg. Debian's
 * kernel for riscv64 is built without a driver of the TPM that QEMU has there (CONFIG_TCG_TIS).
 */
export function noTpmFor(architecture: Architecture, firmware: Firmware): string | undefined {
  if (architecture === 'riscv64') return 'needs a TPM; the kernel for riscv64 has no driver of one'
  return architecture === 'x86_64' && firmware === 'direct'
    ? "needs a TPM; with firmware direct QEMU lays the initrd over the machine's ACPI tables then: --firmware uefi has one"
    : undefined
}
