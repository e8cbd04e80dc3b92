// Known failures -> what they do to a selection, for one target at one moment. Pure. An entry that does nothing is said:
// it has expired, it fits no test, or it is for other targets.

import { createRequire } from 'node:module'
import type { EventOf } from '../events.ts'
import type { KnownFailure, KnownFailureMode, Target } from '../model.ts'
import { nearest } from '../nearest.ts'
import type { Selection } from '../plan/select.ts'
import type { RegisteredTest } from '../registry.ts'
import { describeKnown, knownText } from './describe.ts'
import type { KnownFailureEntry, KnownFailureFile } from './entry.ts'

export interface ApplyContext {
  readonly target: Target
  /** Milliseconds since 1970. */
  readonly nowMs: number
  /** All that are registered, selected or not. */
  readonly tests: readonly RegisteredTest[]
}

export type RunNotice = Pick<EventOf<'run.notice'>, 'level' | 'code' | 'message'>

export interface Applied {
  readonly selection: readonly Selection[]
  readonly notices: readonly RunNotice[]
}

/** Applies all entries that are in force. Of several that fit a test one that skips it counts, else the first. */
export function applyKnownFailures(
  selection: readonly Selection[],
  files: readonly KnownFailureFile[],
  context: ApplyContext,
): Applied {
  const inForce = files
    .flatMap(({ entries }) => entries)
    .filter((entry) => concerns(entry, context.target))
    .flatMap((entry) => {
      const mode = modeAt(entry, context.nowMs)
      return mode === undefined ? [] : [{ entry, mode }]
    })
  const ignoresConsole = inForce.find(({ entry }) => entry.ignoresConsole === true)
  const applied = selection.map((each): Selection => {
    const { test, skip } = each
    if (skip !== undefined) return each
    const fitting = inForce.filter(({ entry }) => fits(entry, test))
    const found = fitting.find(({ mode }) => mode === 'skip') ?? fitting[0]
    const known = found === undefined ? undefined : knownFailure(found.entry, found.mode)
    return {
      test: ignoresConsole === undefined ? test : withoutConsole(test),
      skip: known?.mode === 'skip' ? knownText(known) : undefined,
      ...(known === undefined ? {} : { knownFailure: known }),
    }
  })
  const console =
    ignoresConsole === undefined
      ? []
      : [
          notice(
            'info',
            'console-not-judged',
            `${describeKnown(ignoresConsole.entry)}: the console is judged in no test`,
          ),
        ]
  const notices = files.flatMap((file) => [...appliedNotices(file, applied), ...idleNotices(file, context)])
  return { selection: applied, notices: [...notices, ...console] }
}

/** What an entry does at a moment; undefined: nothing any more. */
export function modeAt(
  { mode, turn, after }: Pick<KnownFailureEntry, 'mode' | 'turn' | 'after'>,
  nowMs: number,
): KnownFailureMode | undefined {
  return turn === undefined || nowMs < turn.atMs ? mode : after
}

/** Whether an entry is about this target. */
export function concerns(entry: KnownFailureEntry, target: Target): boolean {
  const lists = [
    [entry.platforms, target.platform],
    [entry.architectures, target.architecture],
    [entry.channels, target.channel],
    [entry.distros, target.distro],
  ] as const
  return (
    lists.every(([allowed, actual]) => allowed?.includes(actual) ?? true) &&
    (entry.versions === undefined || isVersionIn(entry.versions, target.version))
  )
}

/** A version that cannot be compared is in no range: then the test runs and is judged as any other. */
function isVersionIn(range: string, version: string): boolean {
  const semver = createRequire(import.meta.url)('semver') as typeof import('semver')
  const actual = semver.coerce(version, { includePrerelease: true })
  return actual !== null && semver.satisfies(actual, range, { includePrerelease: true })
}

function fits(entry: KnownFailureEntry, { name, requirements }: RegisteredTest): boolean {
  return [name, ...(requirements.aliases ?? [])].some((each) => entry.matches(each))
}

function knownFailure(entry: KnownFailureEntry, mode: KnownFailureMode): KnownFailure {
  const { pattern, source, reason, tracker, turn } = entry
  return {
    mode,
    pattern,
    ...(reason === undefined ? {} : { reason }),
    ...(tracker === undefined ? {} : { tracker }),
    // kola's warnings after a date have no end.
    ...(turn === undefined || entry.after === mode ? {} : { expires: turn.text }),
    source,
  }
}

function withoutConsole(test: RegisteredTest): RegisteredTest {
  const { leaveOutChecks = [] } = test.requirements
  return {
    ...test,
    requirements: {
      ...test.requirements,
      leaveOutChecks: [...new Set([...leaveOutChecks, 'console'] as const)],
    },
  }
}

function notice(level: RunNotice['level'], code: string, message: string): RunNotice {
  return { level, code, message }
}

function appliedNotices(
  { file, entries }: KnownFailureFile,
  selection: readonly Selection[],
): readonly RunNotice[] {
  const sources = new Set(entries.map(({ source }) => source))
  const modes = selection.flatMap(({ knownFailure: known }) =>
    known !== undefined && sources.has(known.source) ? [known.mode] : [],
  )
  const count = (mode: KnownFailureMode, one: string, many: string): readonly string[] => {
    const found = modes.filter((each) => each === mode).length
    return found === 0 ? [] : [found === 1 ? `1 test ${one}` : `${found} tests ${many}`]
  }
  const parts = [
    ...count('skip', 'is not run', 'are not run'),
    ...count('warn', 'may fail', 'may fail'),
    ...count('must-fail', 'must fail', 'must fail'),
  ]
  const what = parts.length === 0 ? 'none of the selected tests' : parts.join(', ')
  return [notice('info', 'known-failures', `known failures in ${file}: ${what}`)]
}

/** What entries do nothing, and why. */
function idleNotices({ file, entries }: KnownFailureFile, context: ApplyContext): readonly RunNotice[] {
  const { target, nowMs, tests } = context
  const elsewhere: KnownFailureEntry[] = []
  const notices = entries.flatMap((entry): readonly RunNotice[] => {
    const { turn, pattern } = entry
    if (entry.ignoresConsole !== true && !tests.some((test) => fits(entry, test))) {
      const [near] = nearest(
        pattern,
        tests.flatMap(({ name, requirements }) => [name, ...(requirements.aliases ?? [])]),
        1,
      )
      const hint = near === undefined ? '' : `; the nearest is ${near}`
      const message = `${describeKnown(entry)}: no test fits "${pattern}"${hint}`
      return [notice('warning', 'known-failure-unmatched', message)]
    }
    if (!concerns(entry, target)) {
      elsewhere.push(entry)
      return []
    }
    if (turn === undefined || nowMs < turn.atMs) return []
    const what = `${describeKnown(entry)}: "${pattern}"`
    if (entry.after !== undefined)
      return [
        notice('info', 'known-failure-turned', `${what} was skipped until ${turn.text} and only warns now`),
      ]
    const message = `${what} expired on ${turn.text} and has no effect any more: renew or remove it`
    return [notice('warning', 'known-failure-expired', message)]
  })
  if (elsewhere.length === 0) return notices
  const lines = elsewhere.map(({ source }) => source.slice(file.length + 1)).join(', ')
  const [subject, verb] = elsewhere.length === 1 ? ['entry', 'is'] : ['entries', 'are']
  const message = `${file}: ${elsewhere.length} ${subject} ${verb} not about ${target.name} ${target.version} (line ${lines})`
  return [...notices, notice('info', 'known-failure-elsewhere', message)]
}
