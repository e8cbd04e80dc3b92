// Selection, pure: globs, tags, target and image -> which tests run, which are skipped and why. Nothing here looks at a
// machine.

import { createRequire } from 'node:module'
import { UsageError } from '../errors.ts'
import type { KnownFailure, Target } from '../model.ts'
import { didYouMean } from '../nearest.ts'
import type { RegisteredTest } from '../registry.ts'

// Globs and version ranges are rare: what reads them is loaded with the first, so that `list` does not pay for it.
const require = createRequire(import.meta.url)

export interface Selection {
  readonly test: RegisteredTest
  /** Why the test is skipped for this target; undefined when it runs. */
  readonly skip: string | undefined
  /** What is known about its failure, for this target and today. */
  readonly knownFailure?: KnownFailure
}

export interface SelectOptions {
  /** Names, aliases or globs (`ignition.*`, `cl.basic`); empty selects all. `*` also crosses dots. */
  readonly globs: readonly string[]
  /** `smoke` includes, `!slow` excludes; any including tag suffices, every excluding one counts. */
  readonly tags: readonly string[]
  readonly target: Target
  /** Tests that were named by their place in a file; with globs, both are selected. */
  readonly placed?: readonly RegisteredTest[] | undefined
  /** Leaves out all others of what globs, places and tags select. */
  readonly only?: ((test: RegisteredTest) => boolean) | undefined
}

/** The selected tests in order of name. A glob that matches nothing is a UsageError that names the nearest tests. */
export function selectTests(tests: readonly RegisteredTest[], options: SelectOptions): readonly Selection[] {
  const { globs, tags, target, placed = [], only = () => true } = options
  const named = globs.length + placed.length === 0 ? tests : [...matchGlobs(tests, globs), ...placed]
  const included = tags.filter((tag) => !tag.startsWith('!'))
  const excluded = new Set(tags.filter((tag) => tag.startsWith('!')).map((tag) => tag.slice(1)))
  checkTags(tests, [...included, ...excluded])
  return [...new Set(named)]
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .filter((test) => {
      const own = test.requirements.tags ?? []
      return (
        (included.length === 0 || included.some((tag) => own.includes(tag))) &&
        !own.some((tag) => excluded.has(tag)) &&
        only(test)
      )
    })
    .map((test) => ({ test, skip: skipReason(test, target, tags) }))
}

function matchGlobs(tests: readonly RegisteredTest[], globs: readonly string[]): readonly RegisteredTest[] {
  const selected = new Set<RegisteredTest>()
  for (const glob of globs) {
    const matches = matcher(glob)
    const found = tests.filter((test) =>
      [test.name, ...(test.requirements.aliases ?? [])].some((name) => matches(name)),
    )
    if (found.length === 0) {
      const known = tests.flatMap((test) => [test.name, ...(test.requirements.aliases ?? [])])
      throw new UsageError(`no test matches "${glob}"`, {
        code: 'unknown-test',
        hint: didYouMean(glob, known),
      })
    }
    for (const test of found) selected.add(test)
  }
  return tests.filter((test) => selected.has(test))
}

// A plain prefix like `ignition` selects `ignition.*` too: that is what people type.
function matcher(glob: string): (name: string) => boolean {
  if (!/[*?[\]{}!()]/.test(glob)) return (name) => name === glob || name.startsWith(`${glob}.`)
  try {
    const picomatch = require('picomatch') as typeof import('picomatch')
    return picomatch(glob, { dot: true, nonegate: true })
  } catch (error) {
    throw new UsageError(`"${glob}" is no valid glob`, { code: 'bad-glob', cause: error })
  }
}

function checkTags(tests: readonly RegisteredTest[], tags: readonly string[]): void {
  const known = new Set(tests.flatMap((test) => test.requirements.tags ?? []))
  for (const tag of tags) {
    if (known.has(tag)) continue
    throw new UsageError(`no test has the tag "${tag}"`, {
      code: 'unknown-tag',
      hint: didYouMean(tag, known),
    })
  }
}

/** Why this test cannot say anything about this target, or undefined. */
export function skipReason(
  test: RegisteredTest,
  target: Target,
  tags: readonly string[] = [],
): string | undefined {
  const needs = test.requirements
  if (needs.requiredTag !== undefined && !tags.includes(needs.requiredTag)) {
    return `runs only with --tag ${needs.requiredTag}`
  }
  const lists = [
    ['platform', needs.platforms, target.platform],
    ['architecture', needs.architectures, target.architecture],
    ['firmware', needs.firmwares, target.firmware],
    ['channel', needs.channels, target.channel],
    ['distro', needs.distros, target.distro],
  ] as const
  for (const [what, allowed, actual] of lists) {
    if (allowed !== undefined && !(allowed as readonly string[]).includes(actual)) {
      return `needs ${what} ${allowed.join(' or ')}; the target has ${actual}`
    }
  }
  const exclusions = [
    ['platform', needs.excludePlatforms, target.platform],
    ['architecture', needs.excludeArchitectures, target.architecture],
    ['distro', needs.excludeDistros, target.distro],
  ] as const
  for (const [what, excluded = [], actual] of exclusions) {
    if (excluded.some((name) => name === actual)) return `not on ${what} ${actual}`
  }
  const rule = needs.skips?.find(
    ({ platforms }) => platforms === undefined || platforms.includes(target.platform),
  )
  if (rule !== undefined) return rule.reason
  return needs.versions === undefined ? undefined : versionReason(test.name, needs.versions, target.version)
}

function versionReason(name: string, range: string, version: string): string | undefined {
  const semver = require('semver') as typeof import('semver')
  if (semver.validRange(range) === null) {
    throw new UsageError(`test "${name}": "${range}" is no version range`, {
      code: 'bad-version-range',
      hint: 'write it as semver does: >=3033.2.0 <4000.0.0',
    })
  }
  const actual = semver.coerce(version, { includePrerelease: true })
  if (actual === null) return `needs version ${range}; the image's version "${version}" cannot be compared`
  return semver.satisfies(actual, range, { includePrerelease: true })
    ? undefined
    : `needs version ${range}; the image has ${version}`
}
