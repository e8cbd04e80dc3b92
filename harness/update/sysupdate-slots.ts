// What the disk of a machine with systemd-sysupdate says about its two slots. Pure; everything here comes from a guest.

import type { Slot } from './update-client.ts'

export interface SlotSources {
  /** `sfdisk --json` of the disk. */
  readonly table: string
  /** File names in the ESP's EFI/Linux. */
  readonly ukis: readonly string[]
  /** /proc/cmdline. */
  readonly commandLine: string
}

/** /usr for x86-64, arm64 and riscv64 (Discoverable Partitions Specification). */
const usrTypes = new Set([
  '8484680C-9521-48C6-9C11-B0720656F69E',
  'B0E01050-EE5F-4390-949A-9101B17104E9',
  'BEAEC34B-8442-439B-A40B-984381ED097D',
])

/** Slot A is the first /usr partition of the table. Throws Error for a table that is none. */
export function readSlots({ table, ukis, commandLine }: SlotSources): readonly [Slot, Slot] {
  const usr = partitionsOf(table).filter(({ type }) => usrTypes.has(type.toUpperCase()))
  const [a, b] = usr
  if (a === undefined || b === undefined || usr.length > 2)
    throw new Error(`expected two /usr partitions, found ${usr.length}`)
  const hash = usrHashOf(commandLine)
  const describe = (name: 'A' | 'B', { label, uuid }: Partition): Slot => {
    const version = /^[\w-]+_([\w.+~-]+)$/.exec(label)?.[1]
    const booted = hash !== undefined && uuid.replaceAll('-', '').toLowerCase() === hash.slice(0, 32)
    const isEmpty = label === '_empty' || version === undefined
    return {
      name,
      version: isEmpty ? undefined : version,
      // systemd finds /usr by its root hash: the first half is the partition's UUID.
      booted,
      ...(isEmpty ? { state: 'empty', triesLeft: undefined } : assess(version, ukis, booted)),
    }
  }
  return [describe('A', a), describe('B', b)]
}

/** The root hash of the /usr that was booted, 64 hex digits. */
export const usrHashOf = (commandLine: string): string | undefined =>
  /(?:^|\s)usrhash=([0-9a-f]{64})(?:\s|$)/.exec(commandLine)?.[1]

function assess(
  version: string,
  ukis: readonly string[],
  booted: boolean,
): Pick<Slot, 'state' | 'triesLeft'> {
  for (const name of ukis) {
    const [, found, left] = /^[\w-]+_([^+]+)(?:\+(\d+)(?:-\d+)?)?\.efi$/.exec(name) ?? []
    if (found !== version) continue
    if (left === undefined) return { state: 'good', triesLeft: undefined }
    // The try that runs may be the last one.
    return { state: Number(left) === 0 && !booted ? 'bad' : 'trying', triesLeft: Number(left) }
  }
  // Without a UKI nothing boots it.
  return { state: 'empty', triesLeft: undefined }
}

interface Partition {
  readonly type: string
  readonly uuid: string
  readonly label: string
}

function partitionsOf(table: string): readonly Partition[] {
  const parsed = JSON.parse(table) as { readonly partitiontable?: { readonly partitions?: unknown } }
  const partitions = parsed.partitiontable?.partitions
  if (!Array.isArray(partitions)) throw new Error('sfdisk showed no partitions')
  return partitions.map((partition: Readonly<Record<string, unknown>>) => {
    const text = (key: string): string => (typeof partition[key] === 'string' ? partition[key] : '')
    return { type: text('type'), uuid: text('uuid'), label: text('name') }
  })
}
