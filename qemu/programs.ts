// Which programs this host has, where, and in which version. Lookups read the file system only; nothing is started
// but `--version`.

import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { execCommand } from '../harness/process.ts'
import type { MachineArchitecture } from './machine-config.ts'

/** The absolute path of a program in PATH, or undefined. */
export function findProgram(name: string, path: string = process.env['PATH'] ?? ''): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable)
}

/** QEMU's name for the system emulator of an architecture. */
export function emulatorName(architecture: MachineArchitecture): string {
  switch (architecture) {
    case 'x86_64':
      return 'qemu-system-x86_64'
    case 'arm64':
      return 'qemu-system-aarch64'
    case 'riscv64':
      return 'qemu-system-riscv64'
    default:
      return architecture satisfies never
  }
}

/** The Debian package that brings the emulator of an architecture. */
export function emulatorPackage(architecture: MachineArchitecture): string {
  return EMULATOR_PACKAGES[architecture]
}

const EMULATOR_PACKAGES: Readonly<Record<MachineArchitecture, string>> = {
  x86_64: 'qemu-system-x86',
  arm64: 'qemu-system-arm',
  riscv64: 'qemu-system-riscv',
}

export interface ProgramFacts {
  readonly path: string
  /** `10.0.2`; `unknown` when its output does not say. */
  readonly version: string
  /** Modification time of the file: changes with each installation. */
  readonly modifiedMs: number
}

/** Path and version of a program, or undefined when it is not installed or does not start. */
export async function inspectProgram(name: string, signal?: AbortSignal): Promise<ProgramFacts | undefined> {
  const path = findProgram(name)
  if (path === undefined) return undefined
  const result = await execCommand(path, ['--version'], { signal, timeoutMs: 10_000 })
  if (result.exitCode !== 0) return undefined
  const version = /\d+\.\d+(?:\.\d+)?/.exec(result.stdout)?.[0] ?? 'unknown'
  return { path, version, modifiedMs: Math.round(statSync(path).mtimeMs) }
}

/**
 * Whether a QEMU is new enough. 7.2 was seen to corrupt the memory of guests with two CPUs under TCG; the oldest
 * that was never seen to is 9.
 */
export function isSafeQemu(version: string): boolean {
  return Number(version.split('.')[0]) >= 9
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
