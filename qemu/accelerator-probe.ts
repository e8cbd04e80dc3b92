// The probe itself: boots a boot sector and a Linux kernel (without one: UEFI firmware) under KVM, each with a hard time limit,
// and waits for its words on the serial console.

import { mkdtemp, readdir, rm, writeFile, access } from 'node:fs/promises'
import { constants } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { formatSeconds, startDeadline } from '../harness/deadline.ts'
import { messageOf } from '../harness/errors.ts'
import { oneLine } from '../harness/hostile-text.ts'
import { cpuTime } from './cpu-time.ts'
import { bootDisk } from './boot-disk.ts'
import { readLines } from './console-feed.ts'
import { copyVariables, findFirmware } from './firmware.ts'
import { launchMachine } from './launch.ts'
import { LineBuffer } from './line-feed.ts'
import { INHERITED_CHANNELS, PRIMARY_DISK_SERIAL } from './machine-config.ts'
import type { BootConfig, DiskConfig, MachineArchitecture, MachineConfig } from './machine-config.ts'

export interface ProbeRequest {
  readonly architecture: MachineArchitecture
  readonly binary: string
  readonly kernel: string | undefined
  readonly signal: AbortSignal | undefined
}

export interface ProofOfLife {
  readonly alive: boolean
  readonly detail: string
}

/** What is booted, what it says when it lives, and how long it may take: many times what a working KVM needs. */
export interface Witness {
  readonly what: string
  readonly boot: BootConfig
  readonly disks: readonly DiskConfig[]
  readonly proof: string
  readonly timeoutMs: number
}

const BOOT_TEXT = 'signalbox proof of life'

/**
 * Boots the witnesses under KVM, the quick one first; each must come up in its time. An emulated KVM was seen to need
 * 11 s for a boot sector that takes 0.2 s even under TCG. Rejects only when the signal aborts.
 */
export async function hasProofOfLife(request: ProbeRequest): Promise<ProofOfLife> {
  const kernel = request.kernel ?? (await hostKernel())
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-probe-'))
  try {
    const witnesses = [
      ...(request.architecture === 'x86_64' ? [await sectorWitness(folder)] : []),
      ...(kernel === undefined
        ? await firmwareWitness(request.architecture, folder)
        : [linuxWitness(request.architecture, kernel)]),
    ]
    let proof: ProofOfLife = {
      alive: false,
      detail: 'KVM cannot be probed: there is no readable Linux kernel',
    }
    for (const witness of witnesses) {
      proof = await boot(request, witness)
      if (!proof.alive) return proof
    }
    return proof
  } catch (error) {
    request.signal?.throwIfAborted()
    const why = oneLine(messageOf(error))
    return { alive: false, detail: `/dev/kvm opens, but QEMU does not start with it: ${why}` }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function boot(request: ProbeRequest, witness: Witness): Promise<ProofOfLife> {
  const { what } = witness
  const config = { ...request, accelerator: { kind: 'kvm' }, cpuModel: 'host' } as const
  const { alive, tookMs, last } = await watchBoot(config, witness)
  const took = formatSeconds(tookMs)
  if (alive) return { alive, detail: `${what} came up under KVM in ${took}` }
  const said = last === undefined ? 'it said nothing' : `its last words: ${oneLine(last, 120)}`
  return { alive, detail: `/dev/kvm opens, but ${what} does not come up under it (${took}; ${said})` }
}

export interface WatchedBoot {
  readonly alive: boolean
  /** Until the proof, or until it was given up. */
  readonly tookMs: number
  /** CPU time that the emulator has used by then; undefined where nobody counts it. */
  readonly ranMs: number | undefined
  /** Its last line. */
  readonly last: string | undefined
}

/** Boots something small and waits for its proof on the serial console. Throws when QEMU does not start, or the signal aborts. */
export async function watchBoot(
  config: Pick<MachineConfig, 'architecture' | 'binary' | 'accelerator' | 'cpuModel'> & {
    readonly signal: AbortSignal | undefined
  },
  { what, boot: booted, disks, proof, timeoutMs }: Witness,
): Promise<WatchedBoot> {
  using deadline = startDeadline({ phase: what, timeoutMs, signal: config.signal })
  const lines = new LineBuffer()
  const started = performance.now()
  await using machine = await launchMachine(
    {
      name: 'signalbox-probe',
      uuid: randomUUID(),
      binary: config.binary,
      architecture: config.architecture,
      accelerator: config.accelerator,
      cpuModel: config.cpuModel,
      memoryMiB: 256,
      cpus: 1,
      boot: booted,
      disks,
      fwCfg: [],
      oemStrings: [],
      onReboot: 'exit',
      start: 'boot',
      channels: INHERITED_CHANNELS,
    },
    {
      signal: deadline.signal,
      attach: ({ console, journal }) => {
        void readLines(console, lines)
        journal.resume()
      },
    },
  )
  const seen = Promise.withResolvers<boolean>()
  let ranMs: number | undefined
  const unsubscribe = lines.subscribe((line) => {
    if (!line.includes(proof)) return
    ranMs ??= cpuTime(machine.pid)?.ranMs
    seen.resolve(true)
  })
  const onTimeout = (): void => seen.resolve(false)
  deadline.signal.addEventListener('abort', onTimeout, { once: true })
  const alive = await Promise.race([seen.promise, machine.ended.then(() => false)])
  unsubscribe()
  config.signal?.throwIfAborted()
  return { alive, tookMs: performance.now() - started, ranMs, last: lines.tail(1)[0] }
}

async function sectorWitness(folder: string): Promise<Witness> {
  const path = join(folder, 'disk')
  await writeFile(path, bootDisk(`${BOOT_TEXT}\r\n`, 'halt'))
  return {
    what: 'a boot sector',
    boot: { firmware: 'bios' },
    disks: [{ path, format: 'raw', serial: PRIMARY_DISK_SERIAL }],
    proof: BOOT_TEXT,
    timeoutMs: 5000,
  }
}

/** The console of Linux, and what makes it speak early. */
export function serialOf(architecture: MachineArchitecture): readonly [string, string] {
  switch (architecture) {
    case 'x86_64':
      return ['ttyS0', 'earlyprintk=ttyS0']
    case 'arm64':
      return ['ttyAMA0', 'earlycon']
    case 'riscv64':
      return ['ttyS0', 'earlycon=sbi']
    default:
      return architecture satisfies never
  }
}

function linuxWitness(architecture: MachineArchitecture, kernel: string): Witness {
  const [serial, early] = serialOf(architecture)
  return {
    what: 'a Linux kernel',
    boot: { firmware: 'direct', kernel, commandLine: `${early} console=${serial} panic=-1` },
    disks: [],
    proof: 'Linux version',
    timeoutMs: 10_000,
  }
}

/** UEFI, where there is no kernel: it uses the processor as one does. A KVM that boots a sector at times was seen to hang on it. */
async function firmwareWitness(
  architecture: MachineArchitecture,
  folder: string,
): Promise<readonly Witness[]> {
  const files = findFirmware(architecture, 'uefi')
  if (files === undefined) return []
  const variablesPath = join(folder, 'variables')
  await copyVariables(files, variablesPath)
  return [
    {
      what: 'UEFI firmware',
      boot: { firmware: 'uefi', codePath: files.codePath, variablesPath },
      disks: [],
      proof: 'BdsDxe',
      timeoutMs: 10_000,
    },
  ]
}

// The newest kernel in /boot that this user may read.
async function hostKernel(): Promise<string | undefined> {
  const names = await readdir('/boot').catch(() => [])
  const kernels = names.filter((name) => name.startsWith('vmlinuz')).toSorted()
  for (const name of kernels.toReversed()) {
    const path = join('/boot', name)
    const readable = await access(path, constants.R_OK).then(
      () => true,
      () => false,
    )
    if (readable) return path
  }
  return undefined
}
