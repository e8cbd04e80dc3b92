// Which Debian packages Signalbox needs on the host, and what is missing: data and pure decisions. Whoever installs
// (install-system-packages.ts) or reports (doctor) asks here; the reference image's recipe knows its own.

import { firmwarePackage } from '../../qemu/firmware.ts'
import { hostArchitecture } from '../../qemu/image/architectures.ts'
import { emulationPackage } from '../../qemu/image/foreign.ts'
import { hostPackages } from '../../qemu/image/recipe.ts'
import type { MachineArchitecture } from '../../qemu/machine-config.ts'
import { emulatorName, emulatorPackage } from '../../qemu/programs.ts'

export interface SystemPackage {
  readonly name: string
  /** What it is needed for, as it reads after the name. */
  readonly purpose: string
  /** The lowest good version, as dpkg compares them. */
  readonly minimum?: string
  /** Needed by these npm scripts only. */
  readonly onlyFor?: readonly string[]
}

/** What machines of an architecture take: the emulator, and the firmware. */
const emulation: Readonly<Record<MachineArchitecture, readonly SystemPackage[]>> = {
  x86_64: [
    { name: emulatorPackage('x86_64'), purpose: 'runs x86-64 machines', minimum: '1:9~' },
    { name: firmwarePackage('x86_64'), purpose: 'UEFI firmware for x86-64' },
  ],
  arm64: [
    { name: emulatorPackage('arm64'), purpose: 'runs arm64 machines', minimum: '1:9~' },
    { name: firmwarePackage('arm64'), purpose: 'UEFI firmware for arm64' },
  ],
  riscv64: [
    { name: emulatorPackage('riscv64'), purpose: 'runs riscv64 machines', minimum: '1:9~' },
    { name: firmwarePackage('riscv64'), purpose: 'UEFI firmware for riscv64' },
  ],
}

const host: MachineArchitecture = hostArchitecture() ?? 'x86_64'
/** The one that the project's own tests have machines of; who wants others installs them, and `doctor` says what. */
const foreign: MachineArchitecture = host === 'x86_64' ? 'arm64' : 'x86_64'

const machinePackages: readonly SystemPackage[] = [
  ...emulation[host],
  ...emulation[foreign].map((entry) => ({ ...entry, onlyFor: ['test', 'bench'] })),
  {
    name: emulationPackage,
    purpose: `builds ${foreign} images here`,
    minimum: '1:9~',
    onlyFor: ['test', 'bench'],
  },
  { name: 'qemu-utils', purpose: 'copy-on-write disks', minimum: '1:9~' },
  { name: 'swtpm', purpose: 'machines with a TPM' },
  { name: 'swtpm-tools', purpose: 'machines with a TPM' },
  {
    name: 'python3-virt-firmware',
    purpose: 'machines with Secure Boot and keys of their own',
    minimum: '23~',
  },
  { name: 'xorriso', purpose: 'machines that boot from a CD' },
  { name: 'openssh-client', purpose: 'shells in machines' },
  { name: 'ignition', purpose: 'checks Ignition configs before boot' },
  { name: 'openssh-server', purpose: "the project's own SSH tests", onlyFor: ['test', 'bench'] },
  { name: 'python3-venv', purpose: "the project's own tests against an EC2 API", onlyFor: ['test', 'bench'] },
  { name: 'chromium', purpose: "the project's own tests of the HTML report", onlyFor: ['test', 'bench'] },
  { name: 'postgresql', purpose: "the history's own tests", onlyFor: ['test'] },
]

/** Everything, each once. */
export const systemPackages: readonly SystemPackage[] = [
  ...machinePackages,
  ...hostPackages
    .filter((name) => !machinePackages.some((known) => known.name === name))
    .map((name) => ({ name, purpose: 'builds the reference image' })),
]

/** The programs that running machines takes: the evidence on a host without dpkg. */
export const machinePrograms: readonly string[] = [emulatorName(host), 'qemu-img', 'ssh', 'setpriv']

/** What one npm script (`start`, `test`, `bench`) needs. */
export function packagesFor(script: string): readonly SystemPackage[] {
  return systemPackages.filter(({ onlyFor }) => onlyFor?.includes(script) ?? true)
}

/** Versions by package name. */
export type Versions = ReadonlyMap<string, string>

/** Names by what has to happen: from the release itself, or from its backports. */
export interface InstallPlan {
  readonly fromRelease: readonly string[]
  readonly fromBackports: readonly string[]
}

/** What to ask of dpkg: whether version `a` is `b` or later. */
export type IsAtLeast = (a: string, b: string) => boolean

/** The packages that are not installed, or in a version below their minimum. */
export function findLacking(
  packages: readonly SystemPackage[],
  installed: Versions,
  isAtLeast: IsAtLeast,
): readonly SystemPackage[] {
  return packages.filter(({ name, minimum }) => {
    const version = installed.get(name)
    return version === undefined || (minimum !== undefined && !isAtLeast(version, minimum))
  })
}

/**
 * Plans the installs: from the release where it has a good version, else from backports. `releaseIsOld` decides for a
 * package with a minimum whose candidate is not known (no package lists yet).
 */
export function planInstall(
  lacking: readonly SystemPackage[],
  candidates: Versions,
  isAtLeast: IsAtLeast,
  releaseIsOld: boolean,
): InstallPlan {
  const isOld = ({ name, minimum }: SystemPackage): boolean => {
    if (minimum === undefined) return false
    const candidate = candidates.get(name)
    return candidate === undefined ? releaseIsOld : !isAtLeast(candidate, minimum)
  }
  const names = (wanted: boolean): readonly string[] =>
    lacking.filter((entry) => isOld(entry) === wanted).map(({ name }) => name)
  return { fromRelease: names(false), fromBackports: names(true) }
}
