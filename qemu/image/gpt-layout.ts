// The disk of the reference image as data: partitions, their types and places, and the sgdisk arguments that make them.
// Pure. Types after the UAPI group's Discoverable Partitions specification.

import type { Architecture } from '../../harness/model.ts'
import { imageArchitectures } from './architectures.ts'
import { partitionSizesMiB } from './recipe.ts'

const commonTypes = {
  esp: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
  linux: '0fc63daf-8483-4772-8e79-3d69d8477de4',
} as const

export interface Partition {
  readonly number: number
  /** GPT label. systemd-sysupdate keeps versions in it, `_empty` is a free slot. */
  readonly label: string
  readonly type: string
  readonly startMiB: number
  readonly sizeMiB: number
  readonly uuid?: string
  /** GPT attribute bits: 60 read-only, 59 grow the file system. */
  readonly attributes: readonly number[]
}

export interface DiskLayout {
  readonly partitions: readonly Partition[]
  readonly sizeMiB: number
}

/** The layout for a version whose verity root hash is known: slot A filled, slot B empty, ROOT last. */
export function diskLayout(architecture: Architecture, version: string, rootHash: string): DiskLayout {
  const types = { ...commonTypes, ...imageArchitectures[architecture].partitionTypes }
  const sizes = partitionSizesMiB
  const [usrUuid, verityUuid] = slotUuids(rootHash)
  const wanted: readonly Omit<Partition, 'number' | 'startMiB'>[] = [
    { label: 'ESP', type: types.esp, sizeMiB: sizes.esp, attributes: [] },
    { label: `reference_${version}`, type: types.usr, sizeMiB: sizes.usr, uuid: usrUuid, attributes: [60] },
    {
      label: `reference_${version}_verity`,
      type: types.usrVerity,
      sizeMiB: sizes.verity,
      uuid: verityUuid,
      attributes: [60],
    },
    { label: '_empty', type: types.usr, sizeMiB: sizes.usr, attributes: [] },
    { label: '_empty', type: types.usrVerity, sizeMiB: sizes.verity, attributes: [] },
    { label: 'OEM', type: types.linux, sizeMiB: sizes.oem, attributes: [] },
    { label: 'ROOT', type: types.root, sizeMiB: sizes.root, attributes: [59] },
  ]
  // One MiB in front for the GPT and one behind for its copy; MiB alignment throughout.
  let startMiB = 1
  const partitions = wanted.map((partition, index) => {
    const placed = { ...partition, number: index + 1, startMiB }
    startMiB += partition.sizeMiB
    return placed
  })
  return { partitions, sizeMiB: startMiB + 1 }
}

/** systemd finds a /usr by its root hash: the first 128 bits are the data partition's UUID, the last the hash partition's. */
export function slotUuids(rootHash: string): readonly [string, string] {
  if (!/^[0-9a-f]{64}$/.test(rootHash)) throw new Error(`not a sha256 root hash: ${JSON.stringify(rootHash)}`)
  return [asUuid(rootHash.slice(0, 32)), asUuid(rootHash.slice(32))]
}

/** Arguments for one sgdisk call that writes the whole table on an empty disk image. */
export function sgdiskArguments(layout: DiskLayout, diskUuid: string, disk: string): readonly string[] {
  const each = layout.partitions.flatMap((partition) => {
    const { number, startMiB, sizeMiB, type, label, uuid, attributes } = partition
    return [
      `--new=${number}:${startMiB}M:+${sizeMiB}M`,
      `--typecode=${number}:${type}`,
      `--change-name=${number}:${label}`,
      ...(uuid === undefined ? [] : [`--partition-guid=${number}:${uuid}`]),
      ...attributes.map((bit) => `--attributes=${number}:set:${bit}`),
    ]
  })
  return ['--set-alignment=2048', `--disk-guid=${diskUuid}`, ...each, disk]
}

function asUuid(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
