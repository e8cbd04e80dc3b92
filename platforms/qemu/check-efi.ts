// An image for another architecture would come up to the firmware's shell, or to nothing, and be blamed for it: its EFI boot programs
// say what it is for, so it is refused before anything boots.

import { UsageError } from '../../harness/errors.ts'
import type { Architecture, DiskImage } from '../../harness/model.ts'
import { readEfiPrograms, type EfiProgram } from '../../qemu/index.ts'

/** `Machine` of PE files (PE format, "Machine Types"). */
const MACHINES: ReadonlyMap<number, string> = new Map([
  [0x8664, 'x86_64'],
  [0xaa64, 'arm64'],
  [0x14c, 'i386'],
  [0x1c2, 'arm'],
  [0x5064, 'riscv64'],
])

/** Throws UsageError `wrong-architecture`. An image without EFI boot programs (BIOS only) is let pass. */
export async function checkEfi(
  { disk, identity }: Pick<DiskImage, 'disk' | 'identity'>,
  signal?: AbortSignal,
): Promise<void> {
  const why = whyNotFor(identity.architecture, await readEfiPrograms(disk, signal))
  if (why === undefined) return
  throw new UsageError(`${disk.path} is not for ${identity.architecture}: ${why}`, {
    code: 'wrong-architecture',
    hint: 'name the right image with --image, or what this one is for with --arch',
  })
}

/** What a disk is for, when that is not this architecture; undefined when it fits, or nothing says. Pure. */
export function whyNotFor(architecture: Architecture, programs: readonly EfiProgram[]): string | undefined {
  const known = programs.flatMap(({ name, machine }) =>
    machine === undefined
      ? []
      : [{ name, what: MACHINES.get(machine) ?? `machine 0x${machine.toString(16)}` }],
  )
  if (known.length === 0 || known.some(({ what }) => what === architecture)) return undefined
  return `its boot program ${known.map(({ name, what }) => `EFI/BOOT/${name} is for ${what}`).join(', ')}`
}
