// Which accelerator really runs guests here. A /dev/kvm that opens proves nothing (nested or paravirtual hosts):
// something is booted under KVM, and only its proof of life counts. The answer is cached until QEMU, the host's
// kernel or the probed kernel changes.

import { createHash } from 'node:crypto'
import { accessSync, constants } from 'node:fs'
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { release } from 'node:os'
import { join } from 'node:path'
import { codeOf } from '../harness/errors.ts'
import { cacheFolder } from '../harness/folders.ts'
import { hasProofOfLife } from './accelerator-probe.ts'
import type { MachineArchitecture } from './machine-config.ts'
import type { ProgramFacts } from './programs.ts'

export interface AcceleratorAnswer {
  readonly accelerator: 'kvm' | 'tcg'
  /** Why, in words for a person. */
  readonly reason: string
  /** ISO 8601. */
  readonly measuredAt: string
  /** What the answer holds for; another key means measure again. */
  readonly key: string
}

/** The reason in a few words; what QEMU said itself, which may be long, is left to `signalbox doctor`. */
export function briefReason({ reason }: Pick<AcceleratorAnswer, 'reason'>): string {
  if (reason.length <= LONGEST_REASON && !reason.includes('\n')) return reason
  const [brief = ''] = reason.split(/: | \(|\n/)
  return `${brief.slice(0, LONGEST_REASON)}; "signalbox doctor" shows why`
}

const LONGEST_REASON = 120

export interface ProbeOptions {
  readonly architecture: MachineArchitecture
  readonly emulator: ProgramFacts
  /** A readable Linux kernel of that architecture: a better witness than a boot sector alone. */
  readonly kernel?: string | undefined
  /** Folder of the cached answers; default the user's cache. Nothing is cached when it cannot be written. */
  readonly cache?: string
  readonly signal?: AbortSignal | undefined
}

/** Node's names of the host architectures that can run each guest natively. */
const NATIVE: Readonly<Record<MachineArchitecture, string>> = {
  x86_64: 'x64',
  arm64: 'arm64',
  riscv64: 'riscv64',
}

/** Measures, or returns the cached answer. Never throws but for an aborted signal. */
export async function probeAccelerator(options: ProbeOptions): Promise<AcceleratorAnswer> {
  const { architecture, emulator, signal } = options
  const key = await hostKey(options)
  const quick = cheapRefusal(architecture)
  if (quick !== undefined) return answer('tcg', quick, key)
  const path = join(options.cache ?? cacheFolder(), 'accelerator', `${architecture}-${key}.json`)
  const cached = await readAnswer(path)
  if (cached?.key === key) return cached
  const life = await hasProofOfLife({
    architecture,
    binary: emulator.path,
    kernel: options.kernel,
    signal,
  })
  const measured = answer(life.alive ? 'kvm' : 'tcg', life.detail, key)
  await writeAnswer(path, measured)
  return measured
}

// Questions that cost nothing are never cached: a user who joins the group `kvm` gets KVM at once.
function cheapRefusal(architecture: MachineArchitecture): string | undefined {
  if (NATIVE[architecture] !== process.arch) {
    const host = Object.entries(NATIVE).find(([, node]) => node === process.arch)?.[0] ?? process.arch
    return `${architecture} guests on an ${host} host`
  }
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
    return undefined
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT') return 'this host has no /dev/kvm'
    return `/dev/kvm is not accessible (${code}): add the user to the group kvm`
  }
}

/** What a measurement of this host's QEMU holds for. */
export async function hostKey({ architecture, emulator, kernel }: ProbeOptions): Promise<string> {
  const probed = kernel === undefined ? '' : await stampOf(kernel)
  const parts = [3, architecture, emulator.path, emulator.version, emulator.modifiedMs, release(), probed]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}

async function stampOf(path: string): Promise<string> {
  const stats = await stat(path).catch(() => undefined)
  // Size only: the same kernel is in many images, under many paths.
  return stats === undefined ? 'none' : String(stats.size)
}

function answer(accelerator: 'kvm' | 'tcg', reason: string, key: string): AcceleratorAnswer {
  return { accelerator, reason, measuredAt: new Date().toISOString(), key }
}

async function readAnswer(path: string): Promise<AcceleratorAnswer | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as AcceleratorAnswer
  } catch {
    return undefined
  }
}

async function writeAnswer(path: string, measured: AcceleratorAnswer): Promise<void> {
  const draft = `${path}.${process.pid}`
  try {
    await mkdir(join(path, '..'), { recursive: true, mode: 0o700 })
    await writeFile(draft, `${JSON.stringify(measured, undefined, 2)}\n`, { mode: 0o600 })
    await rename(draft, path)
  } catch {
    // A read-only cache only means that the next run measures again.
  }
}
