// For which machines a disk image has EFI boot programs: EFI/BOOT/BOOT*.EFI on its EFI system partition, the place where firmware looks
// when it knows no other (UEFI specification, 3.5.1). Reads the image; boots and mounts nothing.

import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from '../harness/process.ts'
import { readFatFolder, type ReadAt } from './fat.ts'
import { peMachine } from './image/uki.ts'
import { option } from './option-value.ts'

/** c12a7328-f81f-11d2-ba4b-00a0c93ec93b as it lies in the table. */
const ESP_TYPE = '28732ac11ff8d211ba4b00a0c93ec93b'
const MiB = 1024 * 1024

export interface EfiProgram {
  /** `BOOTAA64.EFI`. */
  readonly name: string
  /** `Machine` of its PE header; undefined when it is no PE file. */
  readonly machine: number | undefined
}

/** The boot programs of an image; none when it has no partition table (GPT), no ESP, or no such program. */
export async function readEfiPrograms(
  disk: { readonly path: string; readonly format: 'raw' | 'qcow2' },
  signal?: AbortSignal,
): Promise<readonly EfiProgram[]> {
  await using stack = new AsyncDisposableStack()
  const head = await openPart(disk, { offset: 0, size: MiB }, stack, signal)
  const esp = await findEsp(head)
  if (esp === undefined) return []
  const read = await openPart(disk, esp, stack, signal)
  const files = await readFatFolder(read, ['EFI', 'BOOT'], 4096)
  return [...files]
    .filter(([name]) => /^BOOT[A-Z0-9]+\.EFI$/.test(name))
    .map(([name, bytes]) => ({ name, machine: machineOf(bytes) }))
}

/** Where the ESP lies, in bytes: on disks with sectors of 512 bytes or of 4 KiB. */
export async function findEsp(
  read: ReadAt,
): Promise<{ readonly offset: number; readonly size: number } | undefined> {
  for (const sector of [512, 4096]) {
    const header = await read(sector, 512)
    if (header.length < 92 || header.toString('latin1', 0, 8) !== 'EFI PART') continue
    const [first, count, size] = [
      header.readBigUInt64LE(72),
      header.readUInt32LE(80),
      header.readUInt32LE(84),
    ]
    if (size < 128 || size > 4096 || count > 1024) return undefined
    const table = await read(Number(first) * sector, count * size)
    for (let at = 0; at + size <= table.length; at += size) {
      if (table.toString('hex', at, at + 16) !== ESP_TYPE) continue
      const from = Number(table.readBigUInt64LE(at + 32))
      const to = Number(table.readBigUInt64LE(at + 40))
      if (to >= from) return { offset: from * sector, size: (to - from + 1) * sector }
    }
  }
  return undefined
}

function machineOf(bytes: Uint8Array): number | undefined {
  try {
    return peMachine(bytes)
  } catch {
    return undefined
  }
}

/** A part of the disk to read from: of a raw image the file itself, else a copy that goes with the stack. */
async function openPart(
  { path, format }: { readonly path: string; readonly format: 'raw' | 'qcow2' },
  { offset, size }: { readonly offset: number; readonly size: number },
  stack: AsyncDisposableStack,
  signal: AbortSignal | undefined,
): Promise<ReadAt> {
  if (format === 'raw') return await openFile(path, offset, size, stack)
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-esp-'))
  stack.defer(async () => await rm(folder, { recursive: true, force: true }))
  const copy = join(folder, 'part')
  const source = option('', {
    driver: 'raw',
    offset,
    size,
    'file.driver': format,
    'file.file.driver': 'file',
    'file.file.filename': path,
  })
  await runCommand('qemu-img', ['convert', '-O', 'raw', '--image-opts', source, copy], { signal })
  return await openFile(copy, 0, size, stack)
}

async function openFile(
  path: string,
  offset: number,
  size: number,
  stack: AsyncDisposableStack,
): Promise<ReadAt> {
  const file = await open(path)
  stack.defer(async () => await file.close())
  return async (at, length) => {
    const wanted = Math.max(0, Math.min(length, size - at))
    if (wanted === 0) return Buffer.alloc(0)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(wanted), 0, wanted, offset + at)
    return buffer.subarray(0, bytesRead)
  }
}
