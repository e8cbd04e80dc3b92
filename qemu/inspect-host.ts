// What this host can do for QEMU machines, one row a capability, each gap with the exact command that mends it: what
// `signalbox doctor` prints. Looks only; installs nothing.

import { statfs } from 'node:fs/promises'
import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { cacheFolder } from '../harness/folders.ts'
import { probeAccelerator } from './accelerator.ts'
import { ENROL_PACKAGE, ENROL_PROGRAM } from './enrol-keys.ts'
import { findFirmware, firmwareSource } from './firmware.ts'
import { hostArchitecture, imageArchitectures } from './image/architectures.ts'
import { emulationPackage, whyNotForeign } from './image/foreign.ts'
import type { MachineArchitecture } from './machine-config.ts'
import {
  emulatorName,
  emulatorPackage,
  findProgram,
  inspectProgram,
  isSafeQemu,
  type ProgramFacts,
} from './programs.ts'
import { measureSlowness } from './slowness.ts'
import { takeInventory } from './template/inventory.ts'

export interface HostRow {
  readonly what: string
  /** `missing` stops machines from running; `warning` only slows them or leaves something out. */
  readonly status: 'ok' | 'missing' | 'warning'
  readonly detail: string
  /** The command that mends it, as arguments; root is needed where it is apt-get. */
  readonly remedy?: readonly string[]
}

export type HostFacts = readonly HostRow[]

/** What is looked at is what a host of this architecture needs; guests of the others are optional. */
const HOST = hostArchitecture() ?? 'x86_64'
const FOREIGN = (Object.keys(imageArchitectures) as MachineArchitecture[]).filter((name) => name !== HOST)

const NEEDED_MEMORY_MIB = 2048
const NEEDED_DISK_MIB = 8 * 1024
const NEEDED_SHARED_MEMORY_MIB = 1024
/** Of one plain machine: its memory, and what it writes at boot. */
const NEEDED_TEMPLATE_MIB = 1280
const SHM_REMEDY = ['mount', '-o', 'remount,size=50%', '/dev/shm']

/** Looks at everything; a `kernel` makes the accelerator's probe more certain. */
export async function inspectHost(
  options: { readonly kernel?: string; readonly signal?: AbortSignal } = {},
): Promise<HostFacts> {
  const { signal } = options
  const native = await inspectProgram(emulatorName(HOST), signal)
  return [
    emulatorFact(HOST, native, 'missing'),
    versionFact(native),
    await acceleratorFact(native, options),
    ...(await slownessFacts(HOST, native, signal)),
    ...(await Promise.all(FOREIGN.map(async (name) => await foreignFacts(name, signal)))).flat(),
    programFact('qemu-img', await inspectProgram('qemu-img', signal), 'qemu-utils', 'missing', 'no disks'),
    programFact('swtpm', await inspectProgram('swtpm', signal), 'swtpm', 'warning', 'no machines with a TPM'),
    ...optionalFacts(),
    ...firmwareFacts(HOST),
    ...FOREIGN.filter((name) => findProgram(emulatorName(name)) !== undefined).flatMap(firmwareFacts),
    memoryFact(),
    await spaceFact('disk', cacheFolder(), NEEDED_DISK_MIB, ['signalbox', 'image', 'prune']),
    await spaceFact('shared memory', '/dev/shm', NEEDED_SHARED_MEMORY_MIB, SHM_REMEDY),
    await templateFact(),
  ]
}

async function foreignFacts(
  architecture: MachineArchitecture,
  signal: AbortSignal | undefined,
): Promise<HostFacts> {
  const emulator = await inspectProgram(emulatorName(architecture), signal)
  return [
    emulatorFact(architecture, emulator, 'warning'),
    ...(await slownessFacts(architecture, emulator, signal)),
    await foreignImageFact(architecture),
  ]
}

function emulatorFact(
  architecture: MachineArchitecture,
  program: ProgramFacts | undefined,
  gap: 'missing' | 'warning',
): HostRow {
  const effect = `no ${architecture} machines`
  const row = programFact(emulatorName(architecture), program, emulatorPackage(architecture), gap, effect)
  // Debian 12's own is too old, or for riscv64 in another package; what it depends on has to come from there, too.
  if (row.status === 'ok' || !isDebian12()) return row
  return { ...row, remedy: backportsInstall(emulatorPackage(architecture)) }
}

function programFact(
  what: string,
  program: ProgramFacts | undefined,
  packageName: string,
  gap: 'missing' | 'warning',
  effect: string,
): HostRow {
  if (program !== undefined) return { what, status: 'ok', detail: `${program.version} (${program.path})` }
  return { what, status: gap, detail: `not installed: ${effect}`, remedy: aptInstall(packageName) }
}

// What only some machines need.
function optionalFacts(): HostFacts {
  const wanted = [
    [ENROL_PROGRAM, ENROL_PACKAGE, 'no Secure Boot with the key of an image'],
    ['xorriso', 'xorriso', 'no machines that boot from a CD'],
    ['mcopy', 'mtools', 'no machines that boot from a CD'],
  ] as const
  return wanted.map(([what, packageName, effect]): HostRow => {
    const path = findProgram(what)
    if (path !== undefined) return { what, status: 'ok', detail: path }
    const remedy = aptInstall(packageName)
    return { what, status: 'warning', detail: `not installed: ${effect}`, remedy }
  })
}

function versionFact(program: ProgramFacts | undefined): HostRow {
  const what = 'QEMU version'
  if (program === undefined) return { what, status: 'missing', detail: 'no QEMU' }
  if (isSafeQemu(program.version)) return { what, status: 'ok', detail: `${program.version}, 9 or newer` }
  const detail = `${program.version} can corrupt the memory of machines without KVM; 9 or newer is needed`
  if (!isDebian12()) return { what, status: 'warning', detail }
  return {
    what,
    status: 'warning',
    detail,
    remedy: backportsInstall(emulatorPackage(HOST), 'qemu-utils'),
  }
}

async function acceleratorFact(
  emulator: ProgramFacts | undefined,
  { kernel, signal }: { readonly kernel?: string; readonly signal?: AbortSignal },
): Promise<HostRow> {
  const what = 'accelerator'
  if (emulator === undefined) return { what, status: 'missing', detail: 'no QEMU' }
  const { accelerator, reason } = await probeAccelerator({ architecture: HOST, emulator, kernel, signal })
  if (accelerator === 'kvm') return { what, status: 'ok', detail: `KVM: ${reason}` }
  const detail = `TCG, 5 to 12 times slower than KVM: ${reason}`
  if (!reason.includes('group kvm')) return { what, status: 'warning', detail }
  return { what, status: 'warning', detail, remedy: ['usermod', '-aG', 'kvm', process.env['USER'] ?? 'USER'] }
}

/** What timeouts are multiplied with; of a foreign architecture only when it was measured. */
async function slownessFacts(
  architecture: MachineArchitecture,
  emulator: ProgramFacts | undefined,
  signal: AbortSignal | undefined,
): Promise<HostFacts> {
  if (emulator === undefined) return []
  const { accelerator } = await probeAccelerator({ architecture, emulator, signal })
  const { factor, reason } = await measureSlowness({ architecture, emulator, accelerator, signal })
  return [{ what: `slowness ${architecture}`, status: 'ok', detail: `timeouts times ${factor}: ${reason}` }]
}

async function foreignImageFact(architecture: MachineArchitecture): Promise<HostRow> {
  const what = `${architecture} image`
  const why = await whyNotForeign(architecture)
  if (why === undefined) return { what, status: 'ok', detail: 'can be built here' }
  const detail = `no ${architecture} reference image can be built: ${why}`
  return { what, status: 'warning', detail, remedy: aptInstall(emulationPackage) }
}

function firmwareFacts(architecture: MachineArchitecture): HostFacts {
  return (['uefi', 'uefi-secure'] as const).map((firmware) => {
    const what = `firmware ${firmware} ${architecture}`
    const files = findFirmware(architecture, firmware)
    if (files !== undefined) return { what, status: 'ok', detail: files.codePath }
    const { package: name, note } = firmwareSource(architecture, firmware)
    const detail = `not installed: no machines with ${firmware}${note === undefined ? '' : `; ${note}`}`
    return { what, status: 'warning', detail, ...(name === undefined ? {} : { remedy: aptInstall(name) }) }
  })
}

function memoryFact(): HostRow {
  const freeMiB = Math.floor(process.availableMemory() / 1024 / 1024)
  const enough = freeMiB >= NEEDED_MEMORY_MIB
  return {
    what: 'memory',
    status: enough ? 'ok' : 'warning',
    detail: `${freeMiB} MiB free${enough ? '' : `; two machines need ${NEEDED_MEMORY_MIB}`}`,
  }
}

async function spaceFact(
  what: string,
  path: string,
  neededMiB: number,
  remedy: readonly string[],
): Promise<HostRow> {
  let existing = path
  while (!existsSync(existing)) existing = dirname(existing)
  const { bavail, bsize } = await statfs(existing)
  const freeMiB = Math.floor((bavail * bsize) / 1024 / 1024)
  const detail = `${freeMiB} MiB free in ${path}`
  if (freeMiB >= neededMiB) return { what, status: 'ok', detail }
  return { what, status: 'warning', detail: `${detail}; ${neededMiB} are wanted`, remedy }
}

/** Where templates go: the first place with room for one. The room that others take is given back when it is needed. */
async function templateFact(): Promise<HostRow> {
  const what = 'templates'
  const mebibytes = (bytes: number): number => Math.floor(bytes / 1024 / 1024)
  const uses = (await takeInventory()).places.map(({ place, usedBytes, freeBytes = 0 }) => ({
    limitMiB: mebibytes(place.limitBytes),
    roomMiB: mebibytes(Math.min(place.limitBytes, freeBytes + usedBytes)),
    text: `${mebibytes(usedBytes)} of ${mebibytes(place.limitBytes)} MiB in ${place.folder}`,
  }))
  const chosen = uses.find(({ roomMiB }) => roomMiB >= NEEDED_TEMPLATE_MIB)
  if (chosen !== undefined) return { what, status: 'ok', detail: chosen.text }
  const detail = `no room for one of ${NEEDED_TEMPLATE_MIB} MiB, so that tests boot: ${uses.map(({ text }) => text).join(', ')}`
  const limited = uses.every(({ limitMiB }) => limitMiB < NEEDED_TEMPLATE_MIB)
  const setting = limited ? 'SIGNALBOX_TEMPLATE_MIB=4096' : 'SIGNALBOX_TEMPLATES=FOLDER'
  return { what, status: 'warning', detail, remedy: ['export', setting] }
}

function aptInstall(...packages: readonly string[]): readonly string[] {
  return ['apt-get', 'install', '-y', ...packages]
}

function backportsInstall(...packages: readonly string[]): readonly string[] {
  return ['apt-get', 'install', '-y', '-t', 'bookworm-backports', ...packages]
}

function isDebian12(): boolean {
  try {
    return readFileSync('/etc/os-release', 'utf8').includes('VERSION_CODENAME=bookworm')
  } catch {
    return false
  }
}
