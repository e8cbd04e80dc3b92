// How many times slower guests run here than under KVM on an ordinary host: what timeouts are multiplied with. Measured once for each
// architecture, accelerator, QEMU, host kernel and guest kernel, by the CPU time that a kernel takes to the end of its own start; so a
// host that happens to be busy is not taken for a slow one.

import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { cacheFolder } from '../harness/folders.ts'
import { hostKey, type ProbeOptions } from './accelerator.ts'
import { serialOf, watchBoot } from './accelerator-probe.ts'
import { cpuModelFor, tcgFor } from './cpu-model.ts'
import type { MachineArchitecture } from './machine-config.ts'

export interface Slowness {
  /** 1 is KVM on an ordinary host; never less. */
  readonly factor: number
  /** Where it comes from, in words for a person. */
  readonly reason: string
}

/**
 * CPU milliseconds that Debian's cloud kernel takes under KVM from QEMU's start until it finds no root filesystem. From emulated
 * boots: 8 times as much, which is the middle of what is known of TCG (5 to 12), on a host of 2023 with two cores.
 */
const ORDINARY_MS: Readonly<Record<MachineArchitecture, number>> = { x86_64: 760, arm64: 680, riscv64: 250 }

/** Where nothing was measured. */
const ASSUMED = { kvm: 1, tcg: 8 } as const

/** No measurement makes timeouts shorter or longer than by these. */
const LIMITS = { kvm: [1, 20], tcg: [2, 40] } as const

const MEASURE_MS = 120_000

/** Measures, or returns what was measured before. Never throws but for an aborted signal. */
export async function measureSlowness(
  options: ProbeOptions & { readonly accelerator: 'kvm' | 'tcg' },
): Promise<Slowness> {
  const { architecture, accelerator, kernel } = options
  const folder = join(options.cache ?? cacheFolder(), 'slowness')
  const name = `${architecture}-${accelerator}`
  const slownessOf = (ranMs: number | null | undefined): Slowness => {
    if (typeof ranMs === 'number') return toSlowness(architecture, accelerator, ranMs)
    const why = ranMs === null ? 'the kernel did not start' : 'nothing was measured here yet'
    return { factor: ASSUMED[accelerator], reason: `assumed: ${why}` }
  }
  if (kernel === undefined) return slownessOf(await anyKnown(folder, name))
  const path = join(folder, `${name}-${await hostKey(options)}.json`)
  const before = await readMeasured(path)
  if (before !== undefined) return slownessOf(before)
  const ranMs = await measure(options, kernel)
  // A kernel that says nothing has cost two minutes: once, not in every run.
  if (ranMs !== undefined) await writeMeasured(path, ranMs)
  return slownessOf(ranMs ?? null)
}

/** The factor of a measurement. Pure. */
export function toSlowness(
  architecture: MachineArchitecture,
  accelerator: 'kvm' | 'tcg',
  ranMs: number,
): Slowness {
  const ordinaryMs = ORDINARY_MS[architecture]
  const [least, most] = LIMITS[accelerator]
  const factor = Math.round(Math.min(most, Math.max(least, ranMs / ordinaryMs)) * 10) / 10
  const reason = `a kernel starts in ${seconds(ranMs)} of CPU time; ${seconds(ordinaryMs)} under KVM on an ordinary host`
  return { factor, reason }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 1000 ? 2 : 1)} s`

/** CPU milliseconds; null for a kernel that did not come up, undefined where QEMU itself did not start. */
async function measure(
  { architecture, emulator, accelerator, signal }: ProbeOptions & { readonly accelerator: 'kvm' | 'tcg' },
  kernel: string,
): Promise<number | null | undefined> {
  const [serial] = serialOf(architecture)
  try {
    const watched = await watchBoot(
      {
        architecture,
        binary: emulator.path,
        accelerator: accelerator === 'kvm' ? { kind: 'kvm' } : tcgFor(architecture, process.arch),
        cpuModel: cpuModelFor(architecture, accelerator),
        signal,
      },
      {
        what: 'a Linux kernel',
        boot: { firmware: 'direct', kernel, commandLine: `console=${serial} panic=-1 mitigations=off` },
        disks: [],
        proof: 'Unable to mount root fs',
        timeoutMs: MEASURE_MS,
      },
    )
    return watched.alive ? watched.ranMs : null
  } catch {
    signal?.throwIfAborted()
    return undefined
  }
}

async function anyKnown(folder: string, name: string): Promise<number | null | undefined> {
  const names = await readdir(folder).catch(() => [])
  const found = names.find((each) => each.startsWith(`${name}-`) && each.endsWith('.json'))
  return found === undefined ? undefined : await readMeasured(join(folder, found))
}

async function readMeasured(path: string): Promise<number | null | undefined> {
  try {
    const { ranMs } = JSON.parse(await readFile(path, 'utf8')) as { readonly ranMs?: unknown }
    if (ranMs === null) return null
    return typeof ranMs === 'number' && Number.isFinite(ranMs) && ranMs > 0 ? ranMs : undefined
  } catch {
    return undefined
  }
}

async function writeMeasured(path: string, ranMs: number | null): Promise<void> {
  const draft = `${path}.${process.pid}`
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeFile(draft, `${JSON.stringify({ ranMs, measuredAt: new Date().toISOString() })}\n`, {
      mode: 0o600,
    })
    await rename(draft, path)
  } catch {
    // A read-only cache only means that the next run measures again.
  }
}
