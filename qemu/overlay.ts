// Disks of a machine: a qcow2 overlay on a base that nothing ever writes to, and empty extra disks. What cannot be
// used as a base is said before anything boots.

import { stat } from 'node:fs/promises'
import { codeOf, InfraError, UsageError } from '../harness/errors.ts'
import { oneLine } from '../harness/hostile-text.ts'
import { execCommand, runCommand } from '../harness/process.ts'

export interface BaseDisk {
  readonly path: string
  readonly format: 'raw' | 'qcow2'
}

export interface BaseDiskFacts {
  readonly virtualBytes: number
}

const MEBIBYTE = 1024 * 1024

/**
 * Looks at a base image. Throws UsageError when it is missing, not readable, empty, damaged, or not of the format it
 * claims to be.
 */
export async function inspectBase(base: BaseDisk, signal?: AbortSignal): Promise<BaseDiskFacts> {
  const bytes = await sizeOf(base.path)
  const args = ['info', '--output=json', '-f', base.format, base.path]
  const result = await execCommand('qemu-img', args, { signal, timeoutMs: 30_000 })
  if (result.exitCode === undefined) throw qemuImgMissing(result.failure)
  const hint = `qemu-img says: ${result.stderr.trim()}`
  if (result.exitCode !== 0) {
    throw new UsageError(`${base.path} is not a readable ${base.format} image`, {
      code: 'image-unreadable',
      hint,
    })
  }
  const info = JSON.parse(result.stdout) as {
    readonly 'virtual-size': number
    readonly 'backing-filename'?: string
    readonly 'format-specific'?: {
      readonly data?: { readonly corrupt?: boolean; readonly 'data-file'?: string }
    }
  }
  const virtualBytes = info['virtual-size']
  if (virtualBytes < MEBIBYTE || (base.format === 'raw' && bytes % 512 !== 0)) {
    throw new UsageError(`${base.path} is truncated or not a disk image: ${bytes} bytes`, {
      code: 'image-truncated',
      hint: 'a raw disk image is a whole number of 512-byte sectors and larger than 1 MiB',
    })
  }
  if (info['format-specific']?.data?.corrupt === true) {
    throw new UsageError(`${base.path} is marked corrupt`, {
      code: 'image-corrupt',
      hint: 'qemu-img check it',
    })
  }
  const other = info['backing-filename'] ?? info['format-specific']?.data?.['data-file']
  if (other !== undefined) {
    // It would open any file of this host that the image names, for the guest to read.
    throw new UsageError(`${base.path} needs another file: ${oneLine(other)}`, {
      code: 'image-not-whole',
      hint: `make it whole: qemu-img convert -O qcow2 ${base.path} WHOLE.qcow2`,
    })
  }
  if (base.format === 'qcow2') await checkQcow2(base.path, signal)
  return { virtualBytes }
}

/** Creates `path` as an overlay of `base`, grown to `sizeMiB` when that is more. */
export async function createOverlay(
  path: string,
  base: BaseDisk & BaseDiskFacts,
  options: { readonly sizeMiB?: number | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const bytes = Math.max(base.virtualBytes, (options.sizeMiB ?? 0) * MEBIBYTE)
  const backing = ['-F', base.format, '-b', base.path]
  await qemuImg(['create', '-q', '-f', 'qcow2', ...backing, path, String(bytes)], options.signal)
}

/** Creates `path` as an overlay of a qcow2 disk that will lie at `disk` only later. */
export async function createOverlayAhead(
  path: string,
  disk: string,
  virtualBytes: number,
  signal?: AbortSignal,
): Promise<void> {
  const backing = ['-F', 'qcow2', '-u', '-b', disk]
  await qemuImg(['create', '-q', '-f', 'qcow2', ...backing, path, String(virtualBytes)], signal)
}

/** Makes a qcow2 disk an overlay of `base`, or whole: what it had from the disks in between becomes its own. */
export async function rebaseOverlay(
  path: string,
  base: BaseDisk | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const backing = base === undefined ? ['-b', ''] : ['-F', base.format, '-b', base.path]
  await runCommand('qemu-img', ['rebase', '-q', '-f', 'qcow2', ...backing, path], {
    signal,
    timeoutMs: 300_000,
  })
}

/** The size of a disk as a guest sees it. */
export async function virtualSize(path: string, signal?: AbortSignal): Promise<number> {
  const stdout = await runCommand('qemu-img', ['info', '--output=json', '-U', path], {
    signal,
    timeoutMs: 30_000,
  })
  return (JSON.parse(stdout) as { readonly 'virtual-size': number })['virtual-size']
}

/** Creates an empty, zeroed disk that takes space only where it is written. */
export async function createEmptyDisk(path: string, sizeMiB: number, signal?: AbortSignal): Promise<void> {
  await qemuImg(['create', '-q', '-f', 'qcow2', path, `${sizeMiB}M`], signal)
}

async function qemuImg(args: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  await runCommand('qemu-img', args, { signal, timeoutMs: 60_000 })
}

// A truncated qcow2 opens well enough: only its tables show that clusters lie past the end of the file.
async function checkQcow2(path: string, signal: AbortSignal | undefined): Promise<void> {
  const result = await execCommand('qemu-img', ['check', '-f', 'qcow2', '--output=json', path], {
    signal,
    timeoutMs: 60_000,
  })
  // 0 clean, 2 corrupt, 3 leaked clusters (harmless), 63 not supported by the format.
  if (result.exitCode !== 2 && result.exitCode !== 1) return
  throw new UsageError(`${path} is damaged or truncated`, {
    code: 'image-truncated',
    hint: `qemu-img check says: ${(result.stderr || result.stdout).trim().split('\n').slice(0, 3).join(' ')}`,
  })
}

async function sizeOf(path: string): Promise<number> {
  try {
    const stats = await stat(path)
    if (stats.isFile() || stats.isBlockDevice()) return stats.size
  } catch (cause) {
    throw new UsageError(`cannot read the image ${path}: ${codeOf(cause) ?? String(cause)}`, {
      code: 'image-missing',
      hint: 'signalbox image list shows the images there are',
      cause,
    })
  }
  throw new UsageError(`${path} is not a file`, { code: 'image-missing' })
}

function qemuImgMissing(detail: string): InfraError {
  return new InfraError(`cannot run qemu-img: ${detail}`, {
    code: 'program-missing',
    hint: 'apt-get install qemu-utils',
  })
}
