// Unified kernel images and their addons: sections appended to systemd's EFI stub, as ukify does it, without Python.
// After the PE/COFF format and the UAPI group's UKI specification; knows nothing of signing.

/** One section of a UKI: `.linux`, `.initrd`, `.cmdline`, `.osrel`, `.uname`. */
export interface UkiSection {
  readonly name: string
  readonly data: Uint8Array
}

/** IMAGE_SCN_CNT_INITIALIZED_DATA | IMAGE_SCN_MEM_READ. */
const characteristics = 0x40000040
const sectionHeaderSize = 40

/** The stub with the sections appended, in order. Throws when it is no PE file or has no room for their headers. */
export function buildUki(stub: Uint8Array, sections: readonly UkiSection[]): Uint8Array {
  const header = Buffer.from(stub)
  const pe = readPe(header)
  const firstFree = pe.sectionTable + pe.sectionCount * sectionHeaderSize
  const needed = firstFree + sections.length * sectionHeaderSize
  if (needed > pe.sizeOfHeaders)
    throw new Error(`the EFI stub has no room for ${sections.length} more section headers`)
  const parts: Uint8Array[] = [header]
  let fileEnd = header.length
  let memoryEnd = pe.memoryEnd
  let initialized = header.readUInt32LE(pe.optional + 8)
  for (const [index, section] of sections.entries()) {
    const pointer = alignUp(fileEnd, pe.fileAlignment)
    const rawSize = alignUp(section.data.length, pe.fileAlignment)
    const address = alignUp(memoryEnd, pe.sectionAlignment)
    const at = firstFree + index * sectionHeaderSize
    header.fill(0, at, at + sectionHeaderSize)
    header.write(section.name, at, 8, 'latin1')
    header.writeUInt32LE(section.data.length, at + 8)
    header.writeUInt32LE(address, at + 12)
    header.writeUInt32LE(rawSize, at + 16)
    header.writeUInt32LE(pointer, at + 20)
    header.writeUInt32LE(characteristics, at + 36)
    parts.push(Buffer.alloc(pointer - fileEnd), section.data, Buffer.alloc(rawSize - section.data.length))
    fileEnd = pointer + rawSize
    memoryEnd = address + section.data.length
    initialized += rawSize
  }
  header.writeUInt16LE(pe.sectionCount + sections.length, pe.coff + 2)
  header.writeUInt32LE(initialized, pe.optional + 8)
  header.writeUInt32LE(alignUp(memoryEnd, pe.sectionAlignment), pe.optional + 56)
  header.writeUInt32LE(0, pe.optional + 64)
  return Buffer.concat(parts)
}

/** The data of one section, or undefined when the file has none of that name. */
export function readUkiSection(file: Uint8Array, name: string): Uint8Array | undefined {
  const range = sectionRange(file, name)
  return range === undefined ? undefined : file.subarray(range.start, range.end)
}

/** The file with other data in a section, of the same length. Throws when there is no such section or the length differs. */
export function overwriteUkiSection(file: Uint8Array, name: string, data: Uint8Array): Uint8Array {
  const range = sectionRange(file, name)
  if (range === undefined || range.end - range.start !== data.length)
    throw new Error(`no section ${name} of ${data.length} bytes`)
  const changed = Uint8Array.from(file)
  changed.set(data, range.start)
  return changed
}

/** `Machine` of a PE file's header (PE format, "Machine Types"). Throws for any other file. */
export function peMachine(file: Uint8Array): number {
  const buffer = Buffer.from(file.buffer, file.byteOffset, file.length)
  const start = peStart(buffer)
  if (start === undefined || start + 6 > buffer.length) throw new Error('not a PE file')
  return buffer.readUInt16LE(start + 4)
}

function sectionRange(
  file: Uint8Array,
  name: string,
): { readonly start: number; readonly end: number } | undefined {
  const buffer = Buffer.from(file.buffer, file.byteOffset, file.length)
  const pe = readPe(buffer)
  for (let index = 0; index < pe.sectionCount; index++) {
    const at = pe.sectionTable + index * sectionHeaderSize
    if (buffer.toString('latin1', at, at + 8).replace(/\0+$/, '') !== name) continue
    const size = Math.min(buffer.readUInt32LE(at + 8), buffer.readUInt32LE(at + 16))
    const pointer = buffer.readUInt32LE(at + 20)
    return { start: pointer, end: pointer + size }
  }
  return undefined
}

interface PeLayout {
  readonly coff: number
  readonly optional: number
  readonly sectionTable: number
  readonly sectionCount: number
  readonly sectionAlignment: number
  readonly fileAlignment: number
  readonly sizeOfHeaders: number
  /** Where the last section ends in memory. */
  readonly memoryEnd: number
}

function readPe(file: Buffer): PeLayout {
  const start = peStart(file)
  if (start === undefined) throw new Error('not a PE file')
  const coff = start + 4
  const optional = coff + 20
  const sectionCount = file.readUInt16LE(coff + 2)
  const sectionTable = optional + file.readUInt16LE(coff + 16)
  let memoryEnd = 0
  for (let index = 0; index < sectionCount; index++) {
    const at = sectionTable + index * sectionHeaderSize
    memoryEnd = Math.max(memoryEnd, file.readUInt32LE(at + 8) + file.readUInt32LE(at + 12))
  }
  return {
    coff,
    optional,
    sectionTable,
    sectionCount,
    sectionAlignment: file.readUInt32LE(optional + 32),
    fileAlignment: file.readUInt32LE(optional + 36),
    sizeOfHeaders: file.readUInt32LE(optional + 60),
    memoryEnd,
  }
}

function peStart(file: Buffer): number | undefined {
  const start = file.length > 0x40 && file.toString('latin1', 0, 2) === 'MZ' ? file.readUInt32LE(0x3c) : -1
  return start < 0 || file.toString('latin1', start, start + 4) !== 'PE\0\0' ? undefined : start
}

const alignUp = (value: number, to: number): number => Math.ceil(value / to) * to
