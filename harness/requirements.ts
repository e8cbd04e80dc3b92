// What a test needs, as data: selection, planning and pricing read it without running anything. One table says which
// keys exist and what each accepts; TypeScript refuses a wrong key at compile time, this table does from JavaScript.

import { UsageError } from './errors.ts'
import type { IgnitionSource } from './ignition/source.ts'
import { diskBuses, type DiskAttachment, type DiskSpec } from './disk-spec.ts'
import type { Architecture, DistroName, Firmware } from './model.ts'
import { didYouMean } from './nearest.ts'
import { payloadNames, type PayloadName } from './update/payloads.ts'
import type { UpdateServer } from './update-server/index.ts'

/** What a test's `ignition` function may use: things that exist before the machine does. */
export interface IgnitionContext {
  /** The attempt's own file server, reachable from the guest (also in the initrd). */
  readonly http: { serve(path: string, content: string | Uint8Array): string; url(path: string): string }
  /** The update server of the attempt: what is offered here is checked before the machine boots. */
  readonly updateServer: UpdateServer
}

/** Checks that run on every test and can be left out by name. */
export type CheckName =
  | 'failed-units'
  | 'console'
  | 'journal'
  | 'system-state'
  | 'os-release'
  | 'unexpected-reboot'

/** Why a test is skipped although nothing of the target forbids it; on some platforms, or on all. */
export interface SkipRule {
  readonly reason: string
  readonly platforms?: readonly string[]
}

export const checkNames: readonly CheckName[] = [
  'failed-units',
  'console',
  'journal',
  'system-state',
  'os-release',
  'unexpected-reboot',
]

/** Requirements as data; every key is optional. Times are for a host with KVM; they are scaled where guests are emulated. */
export interface Requirements {
  /** One sentence for people. */
  readonly description?: string
  /** Selected with `--tag`; lower case, like `smoke`. The first part of the name is a tag of every test, without being said. */
  readonly tags?: readonly string[]
  /** Names under which the test is known elsewhere, e.g. in kola; they select it too. */
  readonly aliases?: readonly string[]
  /** How many machines the harness boots before the body; default 1. With 0 the body boots its own with `cluster.boot()`. */
  readonly machines?: number
  /**
   * The machines also share a network of their own, with fixed addresses (`machine.privateAddress`), on which they find each
   * other as `m0`, `m1`, ... and which a test can break (`cluster.network`). Default false.
   */
  readonly privateNetwork?: boolean
  /** Default 1024. */
  readonly memoryMiB?: number
  /** Default 2. */
  readonly cpus?: number
  /** Extra empty disks, `/dev/disk/by-id/virtio-<serial>` in the guest, or on another bus (see `DiskAttachment.bus`). */
  readonly disks?: readonly DiskSpec[]
  /** Size the primary disk is grown to. */
  readonly primaryDiskMiB?: number
  /** How the primary disk, whose serial is `primary-disk`, is attached. */
  readonly primaryDisk?: DiskAttachment
  /**
   * What the firmware tries, in this order and nothing else: serials of disks, `network` (PXE) and `cdrom`, which hold the image's
   * kernel. Default: the primary disk.
   */
  readonly bootOrder?: readonly string[]
  /** NUMA nodes among which memory and processors are divided; default 1. */
  readonly numaNodes?: number
  /** Default false. */
  readonly tpm?: boolean
  /** Only on these firmwares; default any. */
  readonly firmwares?: readonly Firmware[]
  readonly platforms?: readonly string[]
  readonly architectures?: readonly Architecture[]
  /** Only where machines run with one of these: `kvm`; for what emulation cannot do, or is too slow for. Default any. */
  readonly accelerators?: readonly string[]
  readonly channels?: readonly string[]
  readonly distros?: readonly DistroName[]
  /** Not on these. */
  readonly excludePlatforms?: readonly string[]
  readonly excludeArchitectures?: readonly Architecture[]
  readonly excludeDistros?: readonly DistroName[]
  /** Skipped, with the reason, unless `--tag` names this tag. */
  readonly requiredTag?: string
  /** Reasons to skip it: what it needs and cannot have. */
  readonly skips?: readonly SkipRule[]
  /** A semver range over the image's version: `>=3033.2.0 <4000.0.0`. */
  readonly versions?: string
  /** The body's budget in milliseconds; default 60000. */
  readonly timeoutMs?: number
  /** The test is about the first boot: its machine is always booted cold. Default false. */
  readonly firstBoot?: boolean
  /** False lets the test share one boot with other such tests whose configs do not conflict. Default true. */
  readonly exclusive?: boolean
  /**
   * With `exclusive: false`: such tests run on one and the same machine, one after the other, also where each could have a
   * clone of its own. Default false.
   */
  readonly oneMachine?: boolean
  /** With `exclusive: false`: names of tests that it shares no machine with. */
  readonly conflicts?: readonly string[]
  /**
   * Versions that the test updates its machine to, or an extension of its version, for the fixture `payloads`. They are made before anything starts; the test
   * is skipped where they cannot be had, or where the harness cannot drive the updates of this OS.
   */
  readonly payloads?: readonly PayloadName[]
  /**
   * Programs that not every image of a distro brings: `etcd`, `podman`. Skipped on an image that is known to lack one; where nothing
   * is known, the test runs.
   */
  readonly features?: readonly string[]
  /**
   * What is around the machines and no part of them: `internet`, `nvidia-gpu`. Skipped, with the reason, unless the target says
   * that it is there (`--surroundings internet`).
   */
  readonly surroundings?: readonly string[]
  /** A kernel panic ends the machine (`stop`, default), or its next boot is waited for (`reboot`). */
  readonly onPanic?: 'stop' | 'reboot'
  /** Appended to the kernel's command line. */
  readonly kernelArguments?: readonly string[]
  /** Spec 2.x or 3.x object, JSON text, Butane YAML text; or a function of what exists before boot. */
  readonly ignition?:
    | IgnitionSource
    | ((context: IgnitionContext) => IgnitionSource | Promise<IgnitionSource>)
  /** Checks that this test must not be judged by. */
  readonly leaveOutChecks?: readonly CheckName[]
  /** Codes of console and journal patterns that this test provokes on purpose, e.g. `kernel-panic`. */
  readonly expectedMessages?: readonly string[]
}

/** What `describe` takes: defaults for its tests, and how they share machines. */
export interface GroupRequirements extends Requirements {
  /**
   * The tests of the group run one after the other, in the order written, on the same machines: what one leaves the next one
   * finds. Only the group says which machines; nothing outside of it is run on them. `true` goes on after a failed test,
   * `'stop-at-first-failure'` skips the rest with the reason. The group is one unit: a retry or a repetition is of all its
   * tests, on fresh machines, and a test that is selected brings those before it along. Default false.
   */
  readonly serial?: boolean | 'stop-at-first-failure'
}

type Check = (value: unknown) => string | undefined

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const text: Check = (value) => (typeof value === 'string' ? undefined : 'a string')
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false')
const count =
  (min: number, max: number): Check =>
  (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
      ? undefined
      : `a whole number from ${min} to ${max}`
const texts: Check = (value) =>
  Array.isArray(value) && value.every((item) => typeof item === 'string') ? undefined : 'a list of strings'
const oneOf =
  (known: readonly string[]): Check =>
  (value) =>
    Array.isArray(value) && value.every((item) => typeof item === 'string' && known.includes(item))
      ? undefined
      : `a list out of ${known.join(', ')}`

const ATTACHMENT = `bus?: ${diskBuses.join(' | ')}; sectorSize?: 512 | 4096, not 4096 on sata; paths?: 1 to 4, more than 1 on scsi`

function isAttachment(value: Readonly<Record<string, unknown>>, more: readonly string[] = []): boolean {
  const { bus = 'virtio', sectorSize = 512, paths = 1, ...others } = value
  return (
    diskBuses.some((known) => known === bus) &&
    (sectorSize === 512 || (sectorSize === 4096 && bus !== 'sata')) &&
    count(1, bus === 'scsi' ? 4 : 1)(paths) === undefined &&
    Object.keys(others).every((key) => more.includes(key))
  )
}

const disks: Check = (value) =>
  Array.isArray(value) &&
  value.every(
    (disk) =>
      isObject(disk) &&
      typeof disk['serial'] === 'string' &&
      /^[\w-]{1,20}$/.test(disk['serial']) &&
      count(1, 1 << 20)(disk['sizeMiB']) === undefined &&
      isAttachment(disk, ['serial', 'sizeMiB']),
  )
    ? undefined
    : `a list of { serial: 1-20 letters, digits, - or _; sizeMiB: whole number; ${ATTACHMENT} }`

const table: { readonly [Key in keyof Required<Requirements>]: Check } = {
  description: text,
  tags: texts,
  aliases: texts,
  machines: count(0, 64),
  privateNetwork: flag,
  memoryMiB: count(128, 1 << 20),
  cpus: count(1, 256),
  disks,
  primaryDiskMiB: count(1, 1 << 24),
  primaryDisk: (value) => (isObject(value) && isAttachment(value) ? undefined : `{ ${ATTACHMENT} }`),
  bootOrder: (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    new Set(value).size === value.length &&
    texts(value) === undefined
      ? undefined
      : 'a list of serials of disks ("primary-disk" is the primary one\'s), "network" and "cdrom", each once',
  numaNodes: count(1, 8),
  tpm: flag,
  firmwares: oneOf(['direct', 'bios', 'uefi', 'uefi-secure']),
  platforms: texts,
  architectures: oneOf(['x86_64', 'arm64', 'riscv64']),
  accelerators: texts,
  channels: texts,
  distros: oneOf(['reference', 'flatcar', 'fcos']),
  excludePlatforms: texts,
  excludeArchitectures: oneOf(['x86_64', 'arm64', 'riscv64']),
  excludeDistros: oneOf(['reference', 'flatcar', 'fcos']),
  requiredTag: text,
  skips: (value) =>
    Array.isArray(value) && value.every((rule) => isObject(rule) && typeof rule['reason'] === 'string')
      ? undefined
      : 'a list of { reason, platforms? }',
  versions: text,
  timeoutMs: count(1, 24 * 3600 * 1000),
  payloads: oneOf(payloadNames),
  features: texts,
  surroundings: texts,
  onPanic: (value) => (value === 'stop' || value === 'reboot' ? undefined : '"stop" or "reboot"'),
  firstBoot: flag,
  exclusive: flag,
  oneMachine: flag,
  conflicts: texts,
  kernelArguments: texts,
  ignition: (value) =>
    typeof value === 'string' || typeof value === 'function' || isObject(value)
      ? undefined
      : 'a config object, JSON text, Butane text, or a function that returns one',
  leaveOutChecks: oneOf(checkNames),
  expectedMessages: texts,
}

const isSerialMode = (value: unknown): value is Required<GroupRequirements>['serial'] =>
  typeof value === 'boolean' || value === 'stop-at-first-failure'

/** Throws as `validateRequirements` does; returns what concerns the tests, and how they share machines. */
export function readGroup(
  name: string,
  details: GroupRequirements,
): { readonly requirements: Requirements; readonly serial: GroupRequirements['serial'] } {
  const { serial, ...requirements } = details
  if (serial !== undefined && !isSerialMode(serial)) {
    throw new UsageError(`group "${name}": "serial" must be true, false or 'stop-at-first-failure'`, {
      code: 'bad-requirement',
    })
  }
  validateRequirements(name, requirements, ['serial'])
  return { requirements, serial }
}

/** Throws a UsageError that names the test, the key and the nearest known key. */
export function validateRequirements(
  test: string,
  requirements: object,
  alsoKnown: readonly string[] = [],
): asserts requirements is Requirements {
  for (const [key, value] of Object.entries(requirements)) {
    if (!(key in table)) {
      throw new UsageError(`test "${test}": unknown requirement "${key}"`, {
        code: 'unknown-requirement',
        hint:
          key === 'serial'
            ? "it belongs to a group: describe('name', { serial: true }, () => { ... })"
            : didYouMean(key, [...Object.keys(table), ...alsoKnown]),
      })
    }
    if (value === undefined) continue
    const expected = table[key as keyof Requirements](value)
    if (expected !== undefined) {
      throw new UsageError(`test "${test}": requirement "${key}" must be ${expected}`, {
        code: 'bad-requirement',
      })
    }
  }
}
