// Selection, pure: globs, tags, target and image -> which tests run, which are skipped and why. Nothing here looks at a
// machine.

import { createRequire } from 'node:module'
import { UsageError } from '../errors.ts'
import type { KnownFailure, Target } from '../model.ts'
import { didYouMean } from '../nearest.ts'
import type { RegisteredTest } from '../registry.ts'
import { joinReasons } from './unmet.ts'

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
  /** What the image brings beside the OS; undefined where nobody knows. */
  readonly features?: readonly string[] | undefined
  /** What each flavour of the reference image brings, to say which would do. */
  readonly flavours?: Readonly<Record<string, { readonly features: readonly string[] }>> | undefined
  /** What the target says is around its machines; undefined: nothing. */
  readonly surroundings?: readonly string[] | undefined
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
    .map((test) => ({ test, skip: joinReasons(skipReasons(test, target, tags, options)) }))
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

/** A plain prefix like `ignition` selects `ignition.*` too: that is what people type. Throws UsageError for a glob that is none. */
export function matcher(glob: string): (name: string) => boolean {
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

/** All the reasons why this test cannot say anything about this target. */
export function skipReasons(
  test: RegisteredTest,
  target: Target,
  tags: readonly string[] = [],
  {
    features,
    flavours = {},
    surroundings = [],
  }: Pick<SelectOptions, 'features' | 'flavours' | 'surroundings'> = {},
): readonly string[] {
  const needs = test.requirements
  const { requiredTag } = needs
  const lists = [
    ['platform', needs.platforms, target.platform, 'is'],
    ['architecture', needs.architectures, target.architecture, 'has'],
    ['firmware', needs.firmwares, target.firmware, 'has'],
    ['channel', needs.channels, target.channel, 'has'],
    ['distro', needs.distros, target.distro, 'has'],
  ] as const
  const exclusions = [
    ['platform', needs.excludePlatforms, target.platform],
    ['architecture', needs.excludeArchitectures, target.architecture],
    ['distro', needs.excludeDistros, target.distro],
  ] as const
  const rules = needs.skips?.filter(
    ({ platforms }) => platforms === undefined || platforms.includes(target.platform),
  )
  const version = needs.versions && versionReason(test.name, needs.versions, target.version)
  return [
    ...(requiredTag === undefined || tags.includes(requiredTag)
      ? []
      : [`runs only with --tag ${requiredTag}`]),
    ...lists.flatMap(([what, allowed, actual, verb]) =>
      allowed === undefined || (allowed as readonly string[]).includes(actual)
        ? []
        : [`needs ${what} ${allowed.join(' or ')}; this target ${verb} ${actual}`],
    ),
    ...exclusions.flatMap(([what, excluded = [], actual]) =>
      excluded.some((name) => name === actual) ? [`not on ${what} ${actual}`] : [],
    ),
    ...(features === undefined ? [] : lackOf(needs.features ?? [], features, flavours)),
    ...(needs.surroundings ?? []).flatMap((name) =>
      surroundings.includes(name)
        ? []
        : [`needs ${name} around the machines; say --surroundings ${name} where there is`],
    ),
    ...(rules ?? []).map(({ reason }) => reason),
    ...(version ? [version] : []),
  ]
}

/** What the image lacks of the features, and which flavour of the reference image would do. */
function lackOf(
  needed: readonly string[],
  features: readonly string[],
  flavours: NonNullable<SelectOptions['flavours']>,
): readonly string[] {
  const lacking = needed.filter((name) => !features.includes(name))
  if (lacking.length === 0) return []
  const flavoursWith = (names: readonly string[]): readonly string[] =>
    Object.keys(flavours).filter((flavour) =>
      names.every((name) => flavours[flavour]?.features.includes(name)),
    )
  const enough = flavoursWith(needed)
  const them = lacking.length === 1 ? 'it' : lacking.length === 2 ? 'both' : 'all of them'
  // That more is needed matters where some flavour has what the image lacks.
  const isPart = lacking.length < needed.length && flavoursWith(lacking).length > 0
  const where =
    enough.length === 0
      ? `no flavour of the reference image has ${isPart ? `${them} and what else the test needs` : them}`
      : `the reference image has ${them} with ${enough.map((name) => `--flavour ${name}`).join(' or ')}`
  return [`needs an image with ${lacking.join(' and ')}; ${where}`]
}

function versionReason(name: string, range: string, version: string): string | undefined {
  const semver = {
    validRange: require('semver/ranges/valid.js') as typeof import('semver').validRange,
    coerce: require('semver/functions/coerce.js') as typeof import('semver').coerce,
    satisfies: require('semver/functions/satisfies.js') as typeof import('semver').satisfies,
  }
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
