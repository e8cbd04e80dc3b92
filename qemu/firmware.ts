// Where UEFI firmware lies on this host, and each machine's own copy of its variables.

import { constants, existsSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { enrolledVariables } from './enrol-keys.ts'
import type { MachineArchitecture } from './machine-config.ts'

export type UefiFirmware = 'uefi' | 'uefi-secure'

export interface FirmwareFiles {
  /** Shared, read-only. */
  readonly codePath: string
  /** Copied for each machine. With Secure Boot the vendors' keys are in it. */
  readonly variablesTemplate: string
  /** With Secure Boot: what a store with other keys is made from. */
  readonly ownKeysTemplate?: string
}

// Debian first, then Fedora and Arch. Secure boot needs a build with SMM and variables with enrolled keys.
const CANDIDATES: Readonly<
  Record<MachineArchitecture, Readonly<Record<UefiFirmware, readonly FirmwareFiles[]>>>
> = {
  x86_64: {
    uefi: [
      pair('/usr/share/OVMF/OVMF_CODE_4M.fd', '/usr/share/OVMF/OVMF_VARS_4M.fd'),
      pair('/usr/share/OVMF/OVMF_CODE.fd', '/usr/share/OVMF/OVMF_VARS.fd'),
      pair('/usr/share/edk2/ovmf/OVMF_CODE.fd', '/usr/share/edk2/ovmf/OVMF_VARS.fd'),
      pair('/usr/share/edk2/x64/OVMF_CODE.4m.fd', '/usr/share/edk2/x64/OVMF_VARS.4m.fd'),
    ],
    'uefi-secure': [
      secure('/usr/share/OVMF/OVMF_CODE_4M', 'ms.fd', '/usr/share/OVMF/OVMF_VARS_4M', 'ms.fd'),
      secure('/usr/share/OVMF/OVMF_CODE_4M', 'secboot.fd', '/usr/share/OVMF/OVMF_VARS_4M', 'ms.fd'),
      secure('/usr/share/edk2/ovmf/OVMF_CODE', 'secboot.fd', '/usr/share/edk2/ovmf/OVMF_VARS', 'secboot.fd'),
    ],
  },
  arm64: {
    uefi: [
      pair('/usr/share/AAVMF/AAVMF_CODE.no-secboot.fd', '/usr/share/AAVMF/AAVMF_VARS.fd'),
      pair('/usr/share/AAVMF/AAVMF_CODE.fd', '/usr/share/AAVMF/AAVMF_VARS.fd'),
      pair('/usr/share/edk2/aarch64/QEMU_EFI-pflash.raw', '/usr/share/edk2/aarch64/vars-template-pflash.raw'),
    ],
    'uefi-secure': [
      secure('/usr/share/AAVMF/AAVMF_CODE', 'ms.fd', '/usr/share/AAVMF/AAVMF_VARS', 'ms.fd', 'ms.fd'),
      secure('/usr/share/AAVMF/AAVMF_CODE', 'secboot.fd', '/usr/share/AAVMF/AAVMF_VARS', 'ms.fd', 'ms.fd'),
    ],
  },
  riscv64: {
    uefi: [
      pair(
        '/usr/share/qemu-efi-riscv64/RISCV_VIRT_CODE.fd',
        '/usr/share/qemu-efi-riscv64/RISCV_VIRT_VARS.fd',
      ),
      pair('/usr/share/edk2/riscv/RISCV_VIRT_CODE.fd', '/usr/share/edk2/riscv/RISCV_VIRT_VARS.fd'),
    ],
    // Debian packages none.
    'uefi-secure': [],
  },
}

/** The first installed pair, or undefined. */
export function findFirmware(
  architecture: MachineArchitecture,
  firmware: UefiFirmware,
): FirmwareFiles | undefined {
  return CANDIDATES[architecture][firmware].find(
    ({ codePath, variablesTemplate }) => existsSync(codePath) && existsSync(variablesTemplate),
  )
}

/** The Debian package that brings the firmware of an architecture. */
export function firmwarePackage(architecture: MachineArchitecture): string {
  return FIRMWARE_PACKAGES[architecture]
}

const FIRMWARE_PACKAGES: Readonly<Record<MachineArchitecture, string>> = {
  x86_64: 'ovmf',
  arm64: 'qemu-efi-aarch64',
  riscv64: 'qemu-efi-riscv64',
}

/** Where firmware that is not there is to be had: a Debian package, and what is to be known of it. */
export function firmwareSource(
  architecture: MachineArchitecture,
  firmware: UefiFirmware,
): { readonly package?: string; readonly note?: string } {
  if (CANDIDATES[architecture][firmware].length === 0) return { note: `Debian has none for ${architecture}` }
  const name = firmwarePackage(architecture)
  return architecture === 'riscv64'
    ? { package: name, note: `Debian 12 has no ${name}, Debian 13 has` }
    : { package: name }
}

/** The same for a person, in one line. */
export function firmwareAdvice(architecture: MachineArchitecture, firmware: UefiFirmware): string {
  const { package: name, note } = firmwareSource(architecture, firmware)
  const install = name === undefined ? [] : [`apt-get install ${name}`]
  return [...install, ...(note === undefined ? [] : [note])].join('; ')
}

/**
 * Gives a machine its own variables; an existing copy is kept, so that they last over power cycles. With a certificate (PEM) Secure
 * Boot trusts that alone; without, the vendors that the template trusts.
 */
export async function copyVariables(
  files: FirmwareFiles,
  path: string,
  options: { readonly certificate?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  if (existsSync(path)) return
  const { certificate, signal } = options
  const { ownKeysTemplate, variablesTemplate } = files
  const from =
    ownKeysTemplate === undefined || certificate === undefined
      ? variablesTemplate
      : await enrolledVariables(ownKeysTemplate, certificate, signal)
  await copyFile(from, path, constants.COPYFILE_EXCL)
}

// AAVMF's store without keys is nothing but zeros, which only the firmware itself makes a store of.
function secure(
  code: string,
  codeEnd: string,
  variables: string,
  variablesEnd: string,
  ownKeysEnd = 'fd',
): FirmwareFiles {
  return {
    ...pair(`${code}.${codeEnd}`, `${variables}.${variablesEnd}`),
    ownKeysTemplate: `${variables}.${ownKeysEnd}`,
  }
}

function pair(codePath: string, variablesTemplate: string): FirmwareFiles {
  return { codePath, variablesTemplate }
}
