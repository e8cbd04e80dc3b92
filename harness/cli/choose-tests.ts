// Which tests a command is about: what the command line, an earlier run, changed files and a shard leave of all tests. The
// pure parts are in harness/plan; here they are told what only the host knows.

import { existsSync, realpathSync, statSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { flavours } from '../../qemu/image/flavours.ts'
import { UsageError } from '../errors.ts'
import type { EventOf } from '../events.ts'
import type { Target } from '../model.ts'
import { loadDurations, type DurationBook } from '../plan/durations.ts'
import { testsAt, type Place } from '../plan/place.ts'
import { reachedBy, type Reached } from '../plan/reached.ts'
import { selectTests, type Selection } from '../plan/select.ts'
import { shardTests, type Shard } from '../plan/shard.ts'
import { withEarlier } from '../plan/whole-groups.ts'
import { knowFailures } from './know-failures.ts'
import { loadExternal } from './load-external.ts'
import { builtIn, loadTestFiles, type LoadedTests } from './load-tests.ts'
import type { SelectionFlags, TargetFlags } from './option-table.ts'
import type { Iteration } from './watch/iteration.ts'

/** Something that a person should know about how tests were chosen. */
export type Remark = Pick<EventOf<'run.notice'>, 'level' | 'code' | 'message'>

export interface ChosenTests {
  readonly selection: readonly Selection[]
  readonly remarks: readonly Remark[]
  /** Why there is nothing to do, when that is no mistake: nothing failed, nothing changed, an empty shard. */
  readonly nothing: string | undefined
  readonly shard: Shard | undefined
  /** Milliseconds a test took before, by name. */
  readonly recordedMs: (test: string) => number | undefined
  /** The same of all targets. */
  readonly durationBook: DurationBook
}

/** Chooses for one target; the options are its own, the features those of its image. */
export type Choose = (
  target: Target,
  signal: AbortSignal,
  { tag, surroundings }: Pick<SelectionFlags & TargetFlags, 'tag' | 'surroundings'>,
  features: readonly string[] | undefined,
) => Promise<ChosenTests>

/** Loads tests before anything is known of the target: wrong files are told at once. Under --watch they are also reported. */
export async function loadChosen(
  flags: SelectionFlags,
  names: readonly string[],
  iteration?: Iteration,
): Promise<{ readonly choose: Choose }> {
  const places = names.filter(isPlace).map(readPlace)
  const globs = names.filter((name) => !isPlace(name))
  const { watchImports } = await import('./import-graph.ts')
  using watch = flags.changed === undefined && iteration === undefined ? undefined : watchImports()
  // Who names nothing but files means these files, wherever they are.
  const external = await loadExternal(flags)
  const onlyPlaces = globs.length === 0 && places.length > 0 && external.testFolders === undefined
  const paths = places.map(({ path }) => path).filter((path) => !external.holds(path))
  const folders = onlyPlaces ? paths : external.testFolders
  const told = async (whole: boolean, files: readonly string[] = []): Promise<void> =>
    await iteration?.tell({
      kind: 'loaded',
      whole,
      files: [...new Set([...(watch?.files ?? []), ...files])],
      folders: [...(folders ?? [builtIn]), ...paths].filter(isFolder).map((path) => realpathSync(path)),
    })
  const fromFiles = await loadTestFiles(folders, onlyPlaces ? [] : paths).catch(async (error: unknown) => {
    await told(false)
    throw error
  })
  const loaded: LoadedTests = {
    tests: fromFiles.tests,
    files: [...fromFiles.files, ...external.fileOf.values()],
    fileOf: new Map([...fromFiles.fileOf, ...external.fileOf]),
  }
  await told(true, loaded.files)
  const graph = watch?.graph
  return {
    async choose(target, signal, { tag: tags = [], surroundings }, features) {
      const written = places.length === 0 ? [] : loaded.tests.map((test) => writtenTest(test, loaded))
      const narrowed = await narrow({ flags, loaded, graph, wish: iteration?.wish, target, signal })
      const named = selectTests(loaded.tests, {
        globs,
        tags,
        target,
        features,
        flavours,
        surroundings,
        placed: places.flatMap((place) => testsAt(written, place)),
        only: narrowed.only,
      })
      const offer = { target, tags, features, flavours, surroundings }
      const { selection: selected, messages } = withEarlier(named, loaded.tests, offer)
      const brought = messages.map((message): Remark => ({ level: 'info', code: 'serial-needs', message }))
      const known = await knowFailures(flags, selected, { target, tests: loaded.tests })
      const { selection } = known
      const durations = flags.durations === undefined ? undefined : await durationsFrom(flags.durations)
      const book =
        durations === undefined ? loadDurations() : { durations, slownesses: new Map<string, number>() }
      const { shard } = flags
      const mine = shard === undefined ? selection : deal(selection, shard, target, durations)
      const emptyShard =
        shard !== undefined && mine.length === 0 && selection.length > 0
          ? `there is nothing for shard ${shard.index} of ${shard.count}: ${selection.length} tests were selected`
          : undefined
      return {
        selection: mine,
        remarks: [...narrowed.remarks, ...brought, ...known.notices],
        nothing: selection.length === 0 ? narrowed.nothing : emptyShard,
        shard,
        recordedMs: (test) => book.durations.get(`${target.name} ${test}`),
        durationBook: book,
      }
    },
  }
}

interface Narrowed {
  readonly only?: (test: Selection['test']) => boolean
  readonly remarks: readonly Remark[]
  readonly nothing?: string
}

interface NarrowOptions {
  readonly flags: SelectionFlags
  readonly loaded: LoadedTests
  readonly graph: Parameters<typeof reachedBy>[1] | undefined
  readonly wish: Iteration['wish'] | undefined
  readonly target: Target
  readonly signal: AbortSignal
}

async function narrow({ flags, loaded, graph, wish, target, signal }: NarrowOptions): Promise<Narrowed> {
  const parts: Narrowed[] = []
  if (flags.lastFailed !== undefined) {
    const { readLastFailed } = await import('./last-failed.ts')
    const wanted = typeof flags.lastFailed === 'string' ? flags.lastFailed : undefined
    const { folder, names } = await readLastFailed(wanted, flags.output, target.name)
    const gone = [...names].filter((name) => !loaded.fileOf.has(name))
    const message = `${gone.length} of the tests that were not green in ${folder} are not among these tests: ${some(gone)}`
    parts.push({
      only: ({ name }) => names.has(name),
      remarks: gone.length === 0 ? [] : [{ level: 'warning', code: 'last-failed-gone', message }],
      nothing:
        names.size === 0 ? `nothing failed in ${folder}` : `none of what failed in ${folder} is selected`,
    })
  }
  if (flags.changed !== undefined && graph !== undefined) {
    const ref = typeof flags.changed === 'string' ? flags.changed : 'HEAD'
    const { changedFiles } = await import('./changed-files.ts')
    const changed = await changedFiles(loaded.files, ref, signal)
    const reached = reachedBy([...new Set(loaded.fileOf.values())], graph, changed)
    parts.push({
      only: ({ name }) => reached.byFile.has(loaded.fileOf.get(name) ?? ''),
      remarks: explainChange(reached, loaded, changed.size, ref),
      nothing:
        changed.size === 0
          ? `nothing has changed since ${ref}`
          : `what has changed since ${ref} reaches no test`,
    })
  }
  if (wish?.changed !== undefined && graph !== undefined) {
    const changed = new Set(wish.changed)
    const reached = reachedBy([...new Set(loaded.fileOf.values())], graph, changed)
    parts.push({
      only: ({ name }) => reached.byFile.has(loaded.fileOf.get(name) ?? ''),
      remarks: explainChange(reached, loaded, changed.size, 'the last run'),
      nothing: 'what has changed since the last run reaches no test that is selected',
    })
  }
  if (wish?.only !== undefined) {
    const names = new Set(wish.only)
    parts.push({
      only: ({ name }) => names.has(name),
      remarks: [],
      nothing: 'none of these tests is there any more',
    })
  }
  return {
    only: (test) => parts.every(({ only }) => only?.(test) ?? true),
    remarks: parts.flatMap(({ remarks }) => remarks),
    ...(parts[0] === undefined ? {} : { nothing: parts.map(({ nothing }) => nothing).join('; ') }),
  }
}

function explainChange(
  { byFile, outside }: Reached,
  { fileOf }: LoadedTests,
  changes: number,
  ref: string,
): readonly Remark[] {
  const tests = [...fileOf.values()].filter((file) => byFile.has(file)).length
  const why = [...byFile].map(([file, way]) =>
    way.length === 1
      ? shown(file)
      : `${shown(file)} (imports ${way.slice(1).map(shown).join(', which imports ')})`,
  )
  const head = `${changes} ${changes === 1 ? 'file has' : 'files have'} changed since ${ref}`
  const reach = `${head}, which reaches ${tests} of ${fileOf.size} tests`
  const unseen = `changed, but imported by no test file: ${some(outside.map(shown))}`
  return [
    { level: 'info', code: 'changed', message: why.length === 0 ? reach : `${reach}: ${some(why)}` },
    ...(outside.length === 0
      ? []
      : [{ level: 'info', code: 'changed-outside', message: unseen } satisfies Remark]),
  ]
}

function deal(
  selection: readonly Selection[],
  shard: Shard,
  target: Target,
  durations: ReadonlyMap<string, number> | undefined,
): readonly Selection[] {
  const skipped = new Set(selection.filter(({ skip }) => skip !== undefined).map(({ test }) => test))
  const mine = new Set(
    shardTests(
      selection.map(({ test }) => test),
      {
        shard,
        // Never the durations that this host happens to know: another one would deal otherwise.
        durationMs: (test) => durations?.get(`${target.name} ${test}`),
        isSkipped: (test) => skipped.has(test),
      },
    ),
  )
  return selection.filter(({ test }) => mine.has(test))
}

async function durationsFrom(path: string): Promise<ReadonlyMap<string, number>> {
  const { readDurations } = await import('./read-durations.ts')
  return await readDurations(path)
}

/** A path, or the name of a file that is there; names of tests hold no slash and no colon. */
function isPlace(name: string): boolean {
  return /[/\\]|:\d+$/.test(name) || (/\.[mc]?[jt]s$/.test(name) && existsSync(name))
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function readPlace(text: string): Place {
  const [, name = text, line] = /^(.*?)(?::(\d+))?(?::\d+)?$/.exec(text) ?? []
  const path = resolve(name)
  if (!existsSync(path)) {
    throw new UsageError(`there is no file or folder ${name}`, {
      code: 'no-test-file',
      hint: 'tests are named by name (boot.usr), glob (boot.*), file (tests/boot/usr.ts) or line (tests/boot/usr.ts:12)',
    })
  }
  const real = realpathSync(path)
  return { text, path: real, ...(line === undefined ? {} : { line: Number(line) }) }
}

function writtenTest(
  test: Selection['test'],
  { fileOf }: LoadedTests,
): { readonly test: Selection['test']; readonly file: string; readonly loadedFrom: string | undefined } {
  return { test, file: resolve(test.location.file), loadedFrom: fileOf.get(test.name) }
}

function shown(file: string): string {
  const inside = relative(process.cwd(), file)
  return inside.startsWith('..') ? file : inside
}

function some(names: readonly string[]): string {
  const kept = names.slice(0, 8)
  return names.length > kept.length
    ? `${kept.join(', ')} and ${names.length - kept.length} more`
    : kept.join(', ')
}
