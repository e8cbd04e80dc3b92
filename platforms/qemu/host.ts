// What this host gives to machines of one architecture: emulator, accelerator, firmware, TPM, memory and CPUs. Measured
// once when the platform is opened.

import { availableParallelism } from 'node:os'
import { InfraError } from '../../harness/errors.ts'
import type { Architecture, Firmware } from '../../harness/model.ts'
import {
  CD_PROGRAMS,
  emulatorName,
  emulatorPackage,
  ENROL_PROGRAM,
  findFirmware,
  findProgram,
  inspectProgram,
  measureSlowness,
  probeAccelerator,
  type AcceleratorAnswer,
  type ProgramFacts,
  type Slowness,
} from '../../qemu/index.ts'

export interface Host {
  readonly architecture: Architecture
  readonly emulator: ProgramFacts
  readonly accelerator: AcceleratorAnswer
  readonly slowness: Slowness
  readonly firmwares: readonly Firmware[]
  readonly hasTpm: boolean
  /** Which of the programs that some machines need are here. */
  readonly programs: ReadonlySet<string>
  readonly budget: { readonly memoryMiB: number; readonly cpus: number }
}

/** Measures the host. Throws InfraError when the emulator is missing. */
export async function measureHost(
  architecture: Architecture,
  kernel: string | undefined,
  signal: AbortSignal,
): Promise<Host> {
  const name = emulatorName(architecture)
  const emulator = await inspectProgram(name, signal)
  if (emulator === undefined) {
    throw new InfraError(`${name} is not installed, and ${architecture} machines need it`, {
      code: 'program-missing',
      hint: `apt-get install ${emulatorPackage(architecture)} qemu-utils`,
    })
  }
  const accelerator = await probeAccelerator({ architecture, emulator, kernel, signal })
  return {
    architecture,
    emulator,
    accelerator,
    slowness: await measureSlowness({
      architecture,
      emulator,
      kernel,
      signal,
      accelerator: accelerator.accelerator,
    }),
    firmwares: availableFirmwares(architecture),
    hasTpm: findProgram('swtpm') !== undefined,
    programs: new Set(
      [ENROL_PROGRAM, ...CD_PROGRAMS].filter((program) => findProgram(program) !== undefined),
    ),
    budget: { memoryMiB: memoryBudgetMiB(process.availableMemory()), cpus: availableParallelism() * 2 },
  }
}

/**
 * Guest memory that fits in `availableBytes` (cgroup limits included): an eighth and at least 1 GiB stay with the
 * host, and each machine's own overhead (QEMU's heap, translated code) is taken as a fifth of its memory.
 */
export function memoryBudgetMiB(availableBytes: number): number {
  const availableMiB = availableBytes / 1024 / 1024
  const reserveMiB = Math.max(1024, availableMiB / 8)
  return Math.max(0, Math.floor((availableMiB - reserveMiB) / 1.2))
}

function availableFirmwares(architecture: Architecture): readonly Firmware[] {
  return [
    'direct',
    ...(architecture === 'x86_64' ? (['bios'] as const) : []),
    ...(['uefi', 'uefi-secure'] as const).filter(
      (firmware) => findFirmware(architecture, firmware) !== undefined,
    ),
  ]
}
