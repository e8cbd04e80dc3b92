// How tests are written: `test(name, requirements, body)`, `describe`, steps.

import { asStep, requireAttempt } from './running/context.ts'
import type { AttemptRef } from './events.ts'
import { fixturesOf } from './fixtures/fixture-names.ts'
import { UsageError } from './errors.ts'
import { registerTest, type Preparation, type TestBody } from './registry.ts'
import { readGroup, validateRequirements, type GroupRequirements, type Requirements } from './requirements.ts'
import { openSerialGroup, takePlace, type SerialGroup } from './serial-group.ts'
import { callerLocation } from './source-location.ts'

/** What `test.info()` tells a running test. */
export interface TestInfo {
  readonly attempt: AttemptRef
  /** Absolute folder of this attempt's artefacts. */
  readonly folder: string
  readonly signal: AbortSignal
}

export interface TestFunction {
  /** Registers a test. Within `describe` its name and requirements extend the group's. */
  (name: string, body: TestBody): void
  (name: string, requirements: Requirements, body: TestBody): void
  /** Runs part of a test as a named step: timed, nested, shown in every report. */
  step<T>(title: string, work: () => Promise<T> | T): Promise<T>
  info(): TestInfo
  /**
   * Tests that begin where `prepare` leaves their machines: a settled cluster, a filled database. Where machines can be
   * forked it is run once, and every test gets clones of what it left; elsewhere it is run before each test. Its source
   * and the requirements decide whether a saved state still fits: what it depends on besides belongs into the name.
   */
  extend(name: string, requirements: Requirements, prepare: TestBody): TestFunction
}

interface Group {
  readonly prefix: string
  readonly requirements: Requirements
  /** The lines on which it and the groups around it begin. */
  readonly lines: readonly number[]
  /** The serial group that it is, or is in. */
  readonly serial: SerialGroup | undefined
}

let group: Group = { prefix: '', requirements: {}, lines: [], serial: undefined }

/**
 * Groups tests: `describe('ignition', ...)` gives its tests names like `ignition.files` and default requirements. With
 * `serial: true` they run in the order written on the same machines.
 */
export function describe(name: string, define: () => void): void
export function describe(name: string, details: GroupRequirements, define: () => void): void
export function describe(name: string, second: GroupRequirements | (() => void), third?: () => void): void {
  const define = typeof second === 'function' ? second : third
  const outer = group
  const fullName = `${outer.prefix}${name}`
  const { requirements: own, serial } = readGroup(fullName, typeof second === 'function' ? {} : second)
  const location = callerLocation()
  const requirements = merge(outer.requirements, own)
  group = {
    prefix: `${fullName}.`,
    requirements,
    lines: [...outer.lines, location.line],
    serial: openSerialGroup({ name: fullName, serial, own, requirements, location, outer: outer.serial }),
  }
  try {
    define?.()
  } finally {
    group = outer
  }
}

// A test's own values win; tags and aliases add up.
function merge(outer: Requirements, inner: Requirements): Requirements {
  const tags = [...new Set([...(outer.tags ?? []), ...(inner.tags ?? [])])]
  return { ...outer, ...inner, ...(tags.length === 0 ? {} : { tags }) }
}

interface Extension {
  readonly requirements: Requirements
  readonly preparation: Preparation | undefined
}

function declare(base: Extension, name: string, second: Requirements | TestBody, third?: TestBody): void {
  const own = typeof second === 'function' ? {} : second
  const body = typeof second === 'function' ? second : third
  const fullName = `${group.prefix}${name}`
  if (body === undefined) throw new TypeError(`test "${fullName}" has no body`)
  validateRequirements(fullName, own)
  fixturesOf(fullName, body)
  const requirements = merge(merge(group.requirements, base.requirements), own)
  const { preparation } = base
  const location = callerLocation()
  const { serial } = group
  const place =
    serial &&
    takePlace(serial, {
      name: fullName,
      requirements,
      expected: merge(serial.requirements, base.requirements),
      preparation,
      location,
    })
  registerTest({
    name: fullName,
    requirements,
    body,
    preparation,
    location,
    within: group.lines,
    ...(place === undefined ? {} : { serial: place }),
  })
}

const makeTest = (base: Extension): TestFunction =>
  Object.assign(
    (name: string, second: Requirements | TestBody, third?: TestBody): void =>
      declare(base, name, second, third),
    {
      step: async <T>(title: string, work: () => Promise<T> | T): Promise<T> =>
        await asStep('test.step', title, work),
      info: (): TestInfo => {
        const { ref, folder, signal } = requireAttempt('test.info()')
        return { attempt: ref, folder, signal }
      },
      extend: (name: string, requirements: Requirements, prepare: TestBody): TestFunction => {
        validateRequirements(name, requirements)
        fixturesOf(name, prepare)
        if (base.preparation !== undefined) {
          throw new UsageError(`"${name}" extends "${base.preparation.name}", which is prepared already`, {
            code: 'prepared-twice',
            hint: 'do both in one preparation',
          })
        }
        return makeTest({
          requirements: merge(base.requirements, requirements),
          preparation: { name, body: prepare },
        })
      },
    },
  )

export const test: TestFunction = makeTest({ requirements: {}, preparation: undefined })
