// Places of tests: `tests/boot/usr.ts:12` on the command line -> the tests that are written there. Pure; paths are
// absolute and without links.

import { UsageError } from '../errors.ts'
import { didYouMean } from '../nearest.ts'
import type { RegisteredTest } from '../registry.ts'

export interface Place {
  /** As it was given. */
  readonly text: string
  /** A test file, or a folder with some. */
  readonly path: string
  readonly line?: number
}

/** Where a test is written. */
export interface WrittenTest {
  readonly test: RegisteredTest
  /** The file with the call that registered it. */
  readonly file: string
  /** The test file that was loaded; another one than `file` when that is a function of several test files. */
  readonly loadedFrom: string | undefined
}

/**
 * The tests at a place: all of a file or below a folder; with a line, those that begin on it, else those of the `describe`
 * on it, else the last ones before it. A place without tests is a UsageError that says where there are some.
 */
export function testsAt(all: readonly WrittenTest[], place: Place): readonly RegisteredTest[] {
  const { path, line, text } = place
  const isIn = (file: string | undefined): boolean =>
    file !== undefined && (file === path || file.startsWith(`${path}/`))
  if (line === undefined) {
    const found = all.filter(({ file, loadedFrom }) => isIn(file) || isIn(loadedFrom))
    if (found.length > 0) return found.map(({ test }) => test)
    throw new UsageError(`there are no tests in ${text}`, {
      code: 'no-test-there',
      hint: didYouMean(
        path,
        all.map(({ loadedFrom, file }) => loadedFrom ?? file),
      ),
    })
  }
  const inFile = all.filter(({ file }) => file === path).map(({ test }) => test)
  const starts = ({ location }: RegisteredTest): number => location.line
  const exact = inFile.filter((test) => starts(test) === line)
  if (exact.length > 0) return exact
  const described = inFile.filter(({ within = [] }) => within.includes(line))
  if (described.length > 0) return described
  const last = Math.max(...inFile.map(starts).filter((start) => start < line))
  const before = inFile.filter((test) => starts(test) === last)
  if (before.length > 0) return before
  throw new UsageError(`no test is written at ${text}`, {
    code: 'no-test-there',
    hint:
      inFile.length === 0
        ? 'no test of that file was loaded'
        : `tests begin on the lines ${[...new Set(inFile.map(starts))].toSorted((a, b) => a - b).join(', ')}`,
  })
}
