// The probe itself: boots a Linux kernel (or, without one, a boot sector) under KVM with a hard time limit and waits
// for its words on the serial console.

import { mkdtemp, readdir, rm, writeFile, access } from 'node:fs/promises'
import { constants } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { formatSeconds, startDeadline } from '../harness/deadline.ts'
import { messageOf } from '../harness/errors.ts'
import { oneLine } from '../harness/hostile-text.ts'
import { bootDisk } from './boot-disk.ts'
import { readLines } from './console-feed.ts'
import { launchMachine } from './launch.ts'
import { LineBuffer } from './line-feed.ts'
import { INHERITED_CHANNELS, PRIMARY_DISK_SERIAL } from './machine-config.ts'
import type { BootConfig, DiskConfig, MachineArchitecture } from './machine-config.ts'

export interface ProbeRequest {
  readonly architecture: MachineArchitecture
  readonly binary: string
  readonly kernel: string | undefined
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

export interface ProofOfLife {
  readonly alive: boolean
  readonly detail: string
}

const BOOT_TEXT = 'signalbox proof of life'

/** Boots the witness under KVM. Resolves either way; rejects only when the signal aborts. */
export async function hasProofOfLife(request: ProbeRequest): Promise<ProofOfLife> {
  const kernel = request.kernel ?? (await hostKernel())
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-probe-'))
  try {
    if (kernel === undefined && request.architecture !== 'x86_64') {
      return { alive: false, detail: 'KVM could not be probed: no readable Linux kernel to boot' }
    }
    return await boot(request, kernel, folder)
  } catch (error) {
    request.signal?.throwIfAborted()
    return {
      alive: false,
      detail: `/dev/kvm opens, but QEMU does not start with it: ${oneLine(messageOf(error))}`,
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function boot(request: ProbeRequest, kernel: string | undefined, folder: string): Promise<ProofOfLife> {
  using deadline = startDeadline({ phase: 'a guest', timeoutMs: request.timeoutMs, signal: request.signal })
  const lines = new LineBuffer()
  const started = performance.now()
  await using machine = await launchMachine(
    {
      name: 'signalbox-probe',
      uuid: randomUUID(),
      binary: request.binary,
      architecture: request.architecture,
      accelerator: { kind: 'kvm' },
      cpuModel: 'host',
      memoryMiB: 256,
      cpus: 1,
      ...(kernel === undefined ? await sectorWitness(folder) : linuxWitness(request.architecture, kernel)),
      fwCfg: [],
      oemStrings: [],
      onReboot: 'exit',
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
  const proof = kernel === undefined ? BOOT_TEXT : 'Linux version'
  const seen = Promise.withResolvers<boolean>()
  const unsubscribe = lines.subscribe((line) => line.includes(proof) && seen.resolve(true))
  const onTimeout = (): void => seen.resolve(false)
  deadline.signal.addEventListener('abort', onTimeout, { once: true })
  void machine.ended.then(() => seen.resolve(false))
  const alive = await seen.promise
  unsubscribe()
  request.signal?.throwIfAborted()
  const witness = kernel === undefined ? 'boot sector' : 'Linux kernel'
  const took = formatSeconds(performance.now() - started)
  if (alive) return { alive, detail: `a ${witness} came up under KVM in ${took}` }
  const last = lines.tail(1)[0]
  const said = last === undefined ? 'it said nothing' : `its last words: ${oneLine(last, 120)}`
  return { alive, detail: `/dev/kvm opens, but a ${witness} does not come up under it (${took}; ${said})` }
}

type Witness = { readonly boot: BootConfig; readonly disks: readonly DiskConfig[] }

async function sectorWitness(folder: string): Promise<Witness> {
  const path = join(folder, 'disk')
  await writeFile(path, bootDisk(`${BOOT_TEXT}\r\n`, 'halt'))
  return { boot: { firmware: 'bios' }, disks: [{ path, format: 'raw', serial: PRIMARY_DISK_SERIAL }] }
}

function linuxWitness(architecture: MachineArchitecture, kernel: string): Witness {
  const serial = architecture === 'x86_64' ? 'ttyS0' : 'ttyAMA0'
  const early = architecture === 'x86_64' ? `earlyprintk=${serial} ` : 'earlycon '
  return {
    boot: { firmware: 'direct', kernel, commandLine: `${early}console=${serial} panic=-1` },
    disks: [],
  }
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
