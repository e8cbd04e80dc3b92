// Serial groups while test files are loaded: which tests are in one, in which order, and that all of them can begin with
// the same machines. Where something does not fit, the line is named at once.

import { isDeepStrictEqual } from 'node:util'
import { UsageError } from './errors.ts'
import type { SourceLocation } from './model.ts'
import type { Preparation, RegisteredTest, SerialPlace } from './registry.ts'
import type { GroupRequirements, Requirements } from './requirements.ts'

/** A serial group whose tests are being registered. */
export interface SerialGroup {
  readonly name: string
  readonly stopAtFirstFailure: boolean
  /** Those of its machines, and defaults of its tests. */
  readonly requirements: Requirements
  readonly location: SourceLocation
  /** Its tests so far. */
  count: number
  /** What the first test is prepared by. */
  preparation: Preparation | undefined
}

export interface OpenSerialGroup {
  readonly name: string
  readonly serial: GroupRequirements['serial']
  /** What this `describe` itself says; `requirements` hold what is around it, too. */
  readonly own: Requirements
  readonly requirements: Requirements
  readonly location: SourceLocation
  readonly outer: SerialGroup | undefined
}

/** What decides how machines are made; only the group may say it. */
const machineKeys = [
  'machines',
  'privateNetwork',
  'memoryMiB',
  'cpus',
  'disks',
  'primaryDiskMiB',
  'primaryDisk',
  'bootOrder',
  'numaNodes',
  'tpm',
  'firstBoot',
  'kernelArguments',
  'ignition',
] as const satisfies readonly (keyof Requirements)[]

/** What tests say that share machines with whoever fits; a serial group never does. */
const sharingKeys = [
  'exclusive',
  'oneMachine',
  'conflicts',
] as const satisfies readonly (keyof Requirements)[]

/** The serial group that a `describe` opens, or the one it is in; undefined: neither. */
export function openSerialGroup(options: OpenSerialGroup): SerialGroup | undefined {
  const { name, serial, own, requirements, location, outer } = options
  if (serial === undefined) return outer
  if (outer !== undefined) {
    throw new UsageError(
      `${at(location)}: "${name}" is in the serial group "${outer.name}" and cannot say "serial" again`,
      { code: 'serial-in-serial', hint: `leave it out there, or at ${at(outer.location)}` },
    )
  }
  if (serial === false) return undefined
  const sharing = sharingKeys.find((key) => own[key] !== undefined)
  if (sharing !== undefined) throw sharesNothing(`the serial group "${name}"`, sharing, location)
  const stopAtFirstFailure = serial === 'stop-at-first-failure'
  return { name, stopAtFirstFailure, requirements, location, count: 0, preparation: undefined }
}

export interface NextTest extends Pick<RegisteredTest, 'name' | 'requirements' | 'preparation' | 'location'> {
  /** The requirements without those that the test itself or a group inside the serial one declares. */
  readonly expected: Requirements
}

/** Puts a test behind those that the group has; throws a UsageError when it cannot begin with their machines. */
export function takePlace(group: SerialGroup, next: NextTest): SerialPlace {
  const { name, requirements, expected, preparation, location } = next
  const sharing = sharingKeys.find((key) => !isDeepStrictEqual(requirements[key], expected[key]))
  if (sharing !== undefined) throw sharesNothing(`test "${name}" of a serial group`, sharing, location)
  const own = machineKeys.find((key) => !isDeepStrictEqual(requirements[key], expected[key]))
  if (own !== undefined) {
    throw new UsageError(
      `${at(location)}: test "${name}" declares "${own}" for itself, but runs on the machines of the serial group "${group.name}"`,
      { code: 'serial-requirement', hint: `declare it for the whole group, at ${at(group.location)}` },
    )
  }
  if (group.count > 0 && group.preparation !== preparation) {
    const by = (one: Preparation | undefined): string => (one === undefined ? 'nothing' : `"${one.name}"`)
    throw new UsageError(
      `${at(location)}: test "${name}" is prepared by ${by(preparation)}, but the serial group "${group.name}" begins with ${by(group.preparation)}`,
      { code: 'serial-preparation', hint: 'register all tests of the group with the same test function' },
    )
  }
  const { leaveOutChecks, expectedMessages } = expected
  const place: SerialPlace = {
    group: group.name,
    index: group.count,
    stopAtFirstFailure: group.stopAtFirstFailure,
    boot: {
      ...(leaveOutChecks === undefined ? {} : { leaveOutChecks }),
      ...(expectedMessages === undefined ? {} : { expectedMessages }),
    },
  }
  group.preparation = preparation
  group.count += 1
  return place
}

/** The requirements by which a test's machines are made, and their boot is judged. */
export function bootRequirements({
  requirements,
  serial,
}: Pick<RegisteredTest, 'requirements' | 'serial'>): Requirements {
  if (serial === undefined) return requirements
  const { leaveOutChecks: _, expectedMessages: _messages, ...rest } = requirements
  return { ...rest, ...serial.boot }
}

function sharesNothing(who: string, key: string, location: SourceLocation): UsageError {
  return new UsageError(
    `${at(location)}: ${who} declares "${key}", but shares machines with nothing outside`,
    {
      code: 'serial-shares',
      hint: `leave "${key}" out`,
    },
  )
}

function at({ file, line }: SourceLocation): string {
  return `${file}:${line}`
}
