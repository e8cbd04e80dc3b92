// Reads a FAT filesystem as far as looking at an EFI system partition takes: files of one folder by their short names, and how each
// begins. After Microsoft's FAT specification (fatgen103). A damaged one gives an error or nothing, never a loop.

/** Reads bytes of the partition; fewer at its end. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>

interface Volume {
  readonly read: ReadAt
  readonly bits: 12 | 16 | 32
  readonly fatOffset: number
  readonly clusterBytes: number
  readonly dataOffset: number
  readonly clusters: number
  readonly root: { readonly offset: number; readonly bytes: number } | { readonly cluster: number }
}

interface Entry {
  /** `BOOTX64.EFI`. */
  readonly name: string
  readonly isFolder: boolean
  readonly cluster: number
}

/** More no folder of an ESP has, and a damaged chain ends there. */
const LONGEST_CHAIN = 1024
const END = { 12: 0xff8, 16: 0xfff8, 32: 0x0ffffff8 } as const

/** The first bytes of each file in a folder, by upper-case short name; empty when there is no such folder, or no FAT. */
export async function readFatFolder(
  read: ReadAt,
  path: readonly string[],
  bytes: number,
): Promise<ReadonlyMap<string, Buffer>> {
  const volume = await openVolume(read)
  let entries = volume === undefined ? [] : await rootEntries(volume)
  for (const name of path) {
    const folder = entries.find((entry) => entry.isFolder && entry.name === name.toUpperCase())
    if (volume === undefined || folder === undefined) return new Map()
    entries = parseFolder(await readChain(volume, folder.cluster, LONGEST_CHAIN))
  }
  const found = new Map<string, Buffer>()
  for (const { name, isFolder, cluster } of entries) {
    if (volume === undefined || isFolder || cluster === 0) continue
    const many = Math.ceil(bytes / volume.clusterBytes)
    found.set(name, (await readChain(volume, cluster, many)).subarray(0, bytes))
  }
  return found
}

async function openVolume(read: ReadAt): Promise<Volume | undefined> {
  const boot = await read(0, 512)
  if (boot.length < 512 || boot.readUInt16LE(510) !== 0xaa55) return undefined
  const sector = boot.readUInt16LE(11)
  const perCluster = boot.readUInt8(13)
  const reserved = boot.readUInt16LE(14)
  const fats = boot.readUInt8(16)
  const rootCount = boot.readUInt16LE(17)
  const total = boot.readUInt16LE(19) || boot.readUInt32LE(32)
  const fatSectors = boot.readUInt16LE(22) || boot.readUInt32LE(36)
  const isPowerOfTwo = (value: number): boolean => value > 0 && (value & (value - 1)) === 0
  if (!isPowerOfTwo(sector) || sector < 512 || sector > 4096 || !isPowerOfTwo(perCluster)) return undefined
  if (reserved === 0 || fats === 0 || fats > 2 || fatSectors === 0) return undefined
  const rootOffset = (reserved + fats * fatSectors) * sector
  const dataOffset = rootOffset + Math.ceil((rootCount * 32) / sector) * sector
  const clusters = Math.floor((total - dataOffset / sector) / perCluster)
  if (clusters < 1) return undefined
  const bits = clusters < 4085 ? 12 : clusters < 65_525 ? 16 : 32
  return {
    read,
    bits,
    fatOffset: reserved * sector,
    clusterBytes: sector * perCluster,
    dataOffset,
    clusters,
    root: bits === 32 ? { cluster: boot.readUInt32LE(44) } : { offset: rootOffset, bytes: rootCount * 32 },
  }
}

async function rootEntries(volume: Volume): Promise<readonly Entry[]> {
  const { root } = volume
  if ('cluster' in root) return parseFolder(await readChain(volume, root.cluster, LONGEST_CHAIN))
  return parseFolder(await volume.read(root.offset, root.bytes))
}

async function readChain(volume: Volume, first: number, many: number): Promise<Buffer> {
  const { clusterBytes, clusters, dataOffset } = volume
  const parts: Buffer[] = []
  let cluster = first
  while (parts.length < many && cluster >= 2 && cluster < clusters + 2) {
    parts.push(await volume.read(dataOffset + (cluster - 2) * clusterBytes, clusterBytes))
    cluster = await nextCluster(volume, cluster)
  }
  return Buffer.concat(parts)
}

/** The next cluster of a chain, or one that is none. */
async function nextCluster({ read, bits, fatOffset }: Volume, cluster: number): Promise<number> {
  const entry = await read(fatOffset + Math.floor((cluster * bits) / 8), 4)
  if (entry.length < 4) return 0
  const next = (): number => {
    switch (bits) {
      case 12:
        return cluster % 2 === 0 ? entry.readUInt16LE(0) & 0xfff : entry.readUInt16LE(0) >> 4
      case 16:
        return entry.readUInt16LE(0)
      case 32:
        return entry.readUInt32LE(0) & 0x0fffffff
      default:
        return bits satisfies never
    }
  }
  return next() >= END[bits] ? 0 : next()
}

function parseFolder(bytes: Buffer): readonly Entry[] {
  const entries: Entry[] = []
  for (let at = 0; at + 32 <= bytes.length && bytes[at] !== 0; at += 32) {
    const attributes = bytes.readUInt8(at + 11)
    // Deleted; part of a long name; the volume's label.
    if (bytes[at] === 0xe5 || (attributes & 0x3f) === 0x0f || (attributes & 0x08) !== 0) continue
    const part = (from: number, to: number): string => bytes.toString('latin1', at + from, at + to).trimEnd()
    const extension = part(8, 11)
    entries.push({
      name: extension === '' ? part(0, 8) : `${part(0, 8)}.${extension}`,
      isFolder: (attributes & 0x10) !== 0,
      cluster: bytes.readUInt16LE(at + 20) * 65_536 + bytes.readUInt16LE(at + 26),
    })
  }
  return entries
}
