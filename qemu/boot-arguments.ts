// The part of the command line that decides what runs first: machine type, firmware, kernel.

import { UsageError } from '../harness/errors.ts'
import type { BootConfig, MachineConfig } from './machine-config.ts'
import { option } from './option-value.ts'

/** The id of the object that is the guest's RAM. */
export const MEMORY_BACKEND = 'ram0'

/** The value of `-machine`. Only secure boot needs SMM, and without it x86 starts faster. */
export function machineType({ architecture, boot, numaNodes = 1 }: MachineConfig): string {
  const flash = isUefi(boot) ? { pflash0: 'firmware-code', pflash1: 'firmware-vars' } : {}
  const memory = numaNodes === 1 ? { 'memory-backend': MEMORY_BACKEND } : {}
  switch (architecture) {
    case 'x86_64':
      // Without graphics SeaBIOS speaks on the serial port: "No bootable device." reaches the console file.
      return option('q35', {
        smm: boot.firmware === 'uefi-secure',
        vmport: false,
        // Linux leaves it ticking, and QEMU's main loop woke 250 times a second for it: 2 % of a core for an idle machine.
        hpet: false,
        graphics: boot.firmware === 'bios' ? false : undefined,
        ...flash,
        ...memory,
      })
    case 'arm64':
      requireNoBios(architecture, boot)
      return option('virt', { 'gic-version': 'max', ...flash, ...memory })
    case 'riscv64':
      // OpenSBI, which QEMU finds by itself, runs before kernel and UEFI firmware alike.
      requireNoBios(architecture, boot)
      return option('virt', { ...flash, ...memory })
    default:
      return architecture satisfies never
  }
}

function requireNoBios(architecture: MachineConfig['architecture'], { firmware }: BootConfig): void {
  if (firmware !== 'bios') return
  throw new UsageError(`${architecture} has no BIOS`, {
    code: 'firmware-impossible',
    hint: 'use the firmware "direct" or "uefi"',
  })
}

/** Kernel, firmware files and boot order. */
export function bootArguments({
  boot,
  architecture,
}: Pick<MachineConfig, 'boot' | 'architecture'>): readonly string[] {
  switch (boot.firmware) {
    case 'direct':
      return [
        '-kernel',
        boot.kernel,
        ...(boot.initrd === undefined ? [] : ['-initrd', boot.initrd]),
        '-append',
        boot.commandLine,
      ]
    case 'bios':
      return ['-boot', 'strict=on']
    case 'uefi':
    case 'uefi-secure':
      return [
        ...flashDrive('firmware-code', boot.codePath, true),
        ...flashDrive('firmware-vars', boot.variablesPath, false),
        ...(boot.firmware === 'uefi-secure' && architecture === 'x86_64' ? PROTECTED_VARIABLES : []),
        '-boot',
        'strict=on',
      ]
    default:
      return boot satisfies never
  }
}

// Only SMM code may write the variables: without it secure boot could be switched off by the guest. EDK2 with SMM knows no S3. On
// arm64 nothing protects them: that takes firmware in the secure world, which QEMU's `virt` has not by default.
const PROTECTED_VARIABLES = [
  '-global',
  'driver=cfi.pflash01,property=secure,value=on',
  '-global',
  'ICH9-LPC.disable_s3=1',
] as const

function flashDrive(node: string, path: string, readOnly: boolean): readonly string[] {
  const values = {
    driver: 'raw',
    'node-name': node,
    'read-only': readOnly,
    'file.driver': 'file',
    'file.filename': path,
  }
  return ['-blockdev', option('', values)]
}

function isUefi(boot: BootConfig): boolean {
  return boot.firmware === 'uefi' || boot.firmware === 'uefi-secure'
}
