// What platforms refuse that give machines the hardware they have: each special wish with its reason.

import type { MachineSpec } from '../harness/machine.ts'

/** Each wish for special hardware; `who` says what machines have instead (`machines at AWS have theirs`). */
export function refuseSpecialHardware(
  { primaryDisk, bootOrder, numaNodes = 1 }: MachineSpec,
  who: string,
): readonly string[] {
  const { bus, sectorSize, paths } = primaryDisk ?? {}
  const words = [bus, sectorSize === undefined ? '' : `${sectorSize}-byte sectors`, paths && `${paths} paths`]
  const attached = words.filter((word) => word !== undefined && word !== '' && word !== 0)
  return [
    attached.length > 0 ? `needs a primary disk with ${attached.join(', ')}; ${who}` : undefined,
    bootOrder === undefined ? undefined : `needs the boot order ${bootOrder.join(', ')}; ${who}`,
    numaNodes > 1 ? `needs ${numaNodes} NUMA nodes; ${who}` : undefined,
  ].filter((reason) => reason !== undefined)
}
