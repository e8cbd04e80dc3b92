// A FAT16 filesystem of 4 MiB with EFI/BOOT and files in it, made by hand: sectors and clusters of 512 bytes, one FAT.

const SECTOR = 512
const FAT_SECTORS = 32
const ROOT_SECTORS = 1
const SECTORS = 8192
const DATA = (1 + FAT_SECTORS + ROOT_SECTORS) * SECTOR

/** The filesystem's bytes. File names are short ones: `BOOTX64.EFI`. */
export function espWith(files: Readonly<Record<string, Buffer>>): Buffer {
  const volume = Buffer.alloc(SECTORS * SECTOR)
  volume.writeUInt16LE(SECTOR, 11)
  volume.writeUInt8(1, 13)
  volume.writeUInt16LE(1, 14)
  volume.writeUInt8(1, 16)
  volume.writeUInt16LE((ROOT_SECTORS * SECTOR) / 32, 17)
  volume.writeUInt16LE(SECTORS, 19)
  volume.writeUInt16LE(FAT_SECTORS, 22)
  volume.writeUInt16LE(0xaa55, 510)
  let free = 2
  const store = (bytes: Buffer): number => {
    const first = free
    const many = Math.max(1, Math.ceil(bytes.length / SECTOR))
    bytes.copy(volume, DATA + (first - 2) * SECTOR)
    for (let index = 0; index < many; index++) {
      const next = index === many - 1 ? 0xffff : first + index + 1
      volume.writeUInt16LE(next, SECTOR + (first + index) * 2)
    }
    free += many
    return first
  }
  const entry = (name: string, cluster: number, attributes: number): Buffer => {
    const [base = '', extension = ''] = name.split('.')
    const bytes = Buffer.alloc(32)
    bytes.write(base.padEnd(8) + extension.padEnd(3), 'latin1')
    bytes.writeUInt8(attributes, 11)
    bytes.writeUInt16LE(cluster, 26)
    return bytes
  }
  const entries = Object.entries(files).map(([name, bytes]) => entry(name, store(bytes), 0x20))
  // A long name in front, and a deleted file, as real ones have.
  const noise = [entry('Alongnam.e', 0, 0x0f), Buffer.from(entry('GONE.EFI', 2, 0x20))]
  noise[1]?.writeUInt8(0xe5, 0)
  const boot = store(Buffer.concat([...noise, ...entries]))
  const efi = store(entry('BOOT', boot, 0x10))
  entry('EFI', efi, 0x10).copy(volume, (1 + FAT_SECTORS) * SECTOR)
  return volume
}

/** A disk with a GPT whose second partition is an ESP with the files. */
export function diskWith(files: Readonly<Record<string, Buffer>>, sector = 512): Buffer {
  const esp = espWith(files)
  const start = 1024 * 1024
  const disk = Buffer.alloc(start + esp.length)
  esp.copy(disk, start)
  disk.write('EFI PART', sector, 'latin1')
  disk.writeBigUInt64LE(2n, sector + 72)
  disk.writeUInt32LE(128, sector + 80)
  disk.writeUInt32LE(128, sector + 84)
  const table = 2 * sector + 128
  Buffer.from('28732ac11ff8d211ba4b00a0c93ec93b', 'hex').copy(disk, table)
  disk.writeBigUInt64LE(BigInt(start / sector), table + 32)
  disk.writeBigUInt64LE(BigInt((start + esp.length) / sector - 1), table + 40)
  return disk
}

/** The beginning of an EFI program for a machine. */
export function efiProgram(machine: number): Buffer {
  const bytes = Buffer.alloc(700)
  bytes.write('MZ', 'latin1')
  bytes.writeUInt32LE(0x80, 0x3c)
  bytes.write('PE\0\0', 0x80, 'latin1')
  bytes.writeUInt16LE(machine, 0x84)
  return bytes
}
