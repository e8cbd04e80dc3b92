// The registered tests of this process. Registration has no effect but this list, so that `list` and `plan` need no
// machine. It hangs off a global symbol: a test file may reach us by another module instance than the CLI's.

import { UsageError } from './errors.ts'
import type { Fixtures } from './fixtures/fixtures.ts'
import type { SourceLocation } from './model.ts'
import { validateRequirements, type Requirements } from './requirements.ts'

export type TestBody = (fixtures: Fixtures) => Promise<void> | void

/** What is done to machines before the tests that extend it begin; with forks it is done once, and saved. */
export interface Preparation {
  /** Shown in steps and messages. */
  readonly name: string
  readonly body: TestBody
}

/** The place of a test in a serial group, whose tests share their machines in the order written. */
export interface SerialPlace {
  /** The full name of the group. */
  readonly group: string
  /** From 0. */
  readonly index: number
  readonly stopAtFirstFailure: boolean
  /** By what the boot of the machines is judged: the group's, whatever its first test says of itself. */
  readonly boot: Pick<Requirements, 'leaveOutChecks' | 'expectedMessages'>
}

export interface RegisteredTest {
  /** Globally unique dotted name. */
  readonly name: string
  readonly requirements: Requirements
  readonly body: TestBody
  readonly preparation?: Preparation | undefined
  readonly location: SourceLocation
  readonly serial?: SerialPlace | undefined
  /** The lines of the `describe` calls around it. */
  readonly within?: readonly number[]
  /** Its body notes when it begins and ends by the clock of its machine (see machines/journal-times.ts). */
  readonly notesTimes?: boolean
}

const key = Symbol.for('signalbox.registry')
const store = globalThis as { [key]?: Map<string, RegisteredTest> }

function registry(): Map<string, RegisteredTest> {
  return (store[key] ??= new Map())
}

const NAME = /^[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9][a-z0-9_-]*)*$/

/** Adds a test; throws a UsageError for a bad or taken name or for wrong requirements. */
export function registerTest(test: RegisteredTest): void {
  if (!NAME.test(test.name) || test.name.length > 120) {
    throw new UsageError(`"${test.name}" is no test name`, {
      code: 'bad-test-name',
      hint: 'use lower-case words of letters, digits, - and _, joined by dots: ignition.files.remote',
    })
  }
  validateRequirements(test.name, test.requirements)
  const taken = registry().get(test.name)
  if (taken !== undefined) {
    throw new UsageError(`two tests are named "${test.name}"`, {
      code: 'duplicate-test',
      hint: `${shown(taken.location)} and ${shown(test.location)}`,
    })
  }
  const { serial } = test
  const twin =
    serial?.index === 0
      ? [...registry().values()].find((other) => other.serial?.group === serial.group)
      : undefined
  if (serial !== undefined && twin !== undefined) {
    throw new UsageError(`two serial groups are named "${serial.group}"`, {
      code: 'duplicate-group',
      hint: `${shown(twin.location)} and ${shown(test.location)} each begin one: put their tests into one describe`,
    })
  }
  const tags = [...new Set([subjectOf(test.name), ...(test.requirements.tags ?? [])])]
  registry().set(test.name, { ...test, requirements: { ...test.requirements, tags } })
}

/** The first part of a test's name, which is a tag of every test: `ignition` of `ignition.files.inline`. */
export function subjectOf(name: string): string {
  return name.split('.', 1)[0] ?? name
}

function shown({ file, line }: SourceLocation): string {
  return `${file}:${line}`
}

/** All registered tests by name, in order of name. */
export function registeredTests(): readonly RegisteredTest[] {
  return [...registry().values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** How many tests are registered. */
export function countTests(): number {
  return registry().size
}

/** The names of the tests that were registered after the first `count`, as they came. */
export function namesFrom(count: number): readonly string[] {
  return [...registry().keys()].slice(count)
}

/** Forgets all tests: for the harness's own tests. */
export function clearRegistry(): void {
  registry().clear()
}
