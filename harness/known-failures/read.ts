// Known-failures files -> entries. Two forms are told apart by their words: our own, and kola's denylist, which is taken as
// it is. Whatever is wrong is a UsageError with file, line and column.

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml'
import { codeOf, messageOf, UsageError } from '../errors.ts'
import type { KnownFailureMode } from '../model.ts'
import { didYouMean } from '../nearest.ts'
import type { KnownFailureEntry, KnownFailureFile } from './entry.ts'
import { architectureOf, isKolaTrue, kolaFields, ownFields, turnOf } from './fields.ts'

/** kola: the console is not judged, in any test. */
const IGNORES_CONSOLE = 'skip-console-warnings'

/** Reads a file. Throws UsageError when it cannot be read or something in it is wrong. */
export async function readKnownFailures(path: string): Promise<KnownFailureFile> {
  let text
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new UsageError(`the known failures ${path} cannot be read: ${codeOf(error) ?? messageOf(error)}`, {
      code: 'known-failures-unreadable',
      hint: 'name a YAML file with --known-failures, or leave it out',
    })
  }
  return parseKnownFailures(text, path)
}

interface Place {
  readonly line: number
  readonly col: number
}

interface Field {
  readonly name: string
  readonly value: unknown
  readonly nameAt: Place
  readonly valueAt: Place
}

interface RawEntry {
  readonly at: Place
  readonly fields: readonly Field[]
}

/** Parses the text of a file; `file` is its name in messages. */
export function parseKnownFailures(text: string, file: string): KnownFailureFile {
  const fail = (at: Place, message: string, code: string, hint?: string): never => {
    throw new UsageError(`${file}:${at.line}:${at.col}: ${message}`, {
      code,
      ...(hint === undefined ? {} : { hint }),
    })
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: true })
  const [broken] = document.errors
  if (broken !== undefined) {
    const message = (broken.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '')
    fail(broken.linePos?.[0] ?? { line: 1, col: 1 }, message, 'known-failures-yaml')
  }
  const raw = readEntries(document, (node) => lines.linePos(node?.range?.[0] ?? 0), fail)
  const format = formatOf(raw)
  const table = format === 'kola' ? kolaFields : ownFields
  const entries = raw.map((entry) => {
    for (const { name, value, nameAt, valueAt } of entry.fields) {
      if (!Object.hasOwn(table, name)) {
        const hint = didYouMean(name, Object.keys(isUndecided(raw) ? { ...ownFields, ...kolaFields } : table))
        fail(nameAt, `unknown key "${name}"`, 'known-failures-key', hint)
      }
      const expected = table[name]?.(value)
      if (expected !== undefined) fail(valueAt, `${name}: expected ${expected}`, 'known-failures-value')
    }
    return makeEntry(entry, format, file, fail)
  })
  return { file, format, entries }
}

type Fail = (at: Place, message: string, code: string, hint?: string) => never

function readEntries(
  document: Document.Parsed,
  placeOf: (node: Node | null | undefined) => Place,
  fail: Fail,
): readonly RawEntry[] {
  const { contents } = document
  if (contents === null || (isScalar(contents) && contents.value === null)) return []
  if (!isSeq(contents)) return fail(placeOf(contents), 'expected a list of entries', 'known-failures-shape')
  return contents.items.map((item): RawEntry => {
    const node = item as Node
    if (!isMap(node)) return fail(placeOf(node), 'expected an entry with a pattern', 'known-failures-shape')
    const fields = node.items.map((pair): Field => {
      const key = pair.key as Node
      const value = pair.value as Node | null
      const name = isScalar(key) ? String(key.value) : key.toString()
      return {
        name,
        value: value === null ? null : value.toJS(document),
        nameAt: placeOf(key),
        valueAt: placeOf(value ?? key),
      }
    })
    return { at: placeOf(node), fields }
  })
}

const onlyIn = (
  table: Readonly<Record<string, unknown>>,
  other: Readonly<Record<string, unknown>>,
): ReadonlySet<string> => new Set(Object.keys(table).filter((name) => !Object.hasOwn(other, name)))
const ownWords = onlyIn(ownFields, kolaFields)
const kolaWords = onlyIn(kolaFields, ownFields)

const uses = (raw: readonly RawEntry[], words: ReadonlySet<string>): boolean =>
  raw.some(({ fields }) => fields.some(({ name }) => words.has(name)))

/** A file with none of our own words (our `reason` is required) is kola's. */
function formatOf(raw: readonly RawEntry[]): KnownFailureFile['format'] {
  return uses(raw, ownWords) ? 'signalbox' : 'kola'
}

function isUndecided(raw: readonly RawEntry[]): boolean {
  return !uses(raw, ownWords) && !uses(raw, kolaWords)
}

function makeEntry(
  { at, fields }: RawEntry,
  format: KnownFailureFile['format'],
  file: string,
  fail: Fail,
): KnownFailureEntry {
  const field = (name: string): Field | undefined => fields.find((each) => each.name === name)
  const text = (name: string): string | undefined => field(name)?.value as string | undefined
  const list = (name: string): readonly string[] | undefined =>
    field(name)?.value as readonly string[] | undefined
  const optional = <K extends string, V>(name: K, value: V | undefined): { readonly [Key in K]?: V } =>
    value === undefined ? {} : ({ [name]: value } as { readonly [Key in K]?: V })
  const pattern = field('pattern')
  if (pattern === undefined) return fail(at, 'an entry needs a pattern', 'known-failures-value')
  if (format === 'signalbox' && field('reason') === undefined)
    return fail(at, 'an entry needs a reason', 'known-failures-value', 'say in a few words what fails')
  const [snooze, expires] = [field('snooze'), field('expires')]
  if (snooze !== undefined && expires !== undefined)
    return fail(expires.nameAt, 'snooze and expires are the same: give one', 'known-failures-key')
  const turn = turnOf(text('snooze') ?? text('expires') ?? '')
  const warns = isKolaTrue(field('warn')?.value)
  const isKola = format === 'kola'
  // kola: without a date, `warn` decides; with one the test is skipped until then, and `warn` is for afterwards.
  const kolaMode: KnownFailureMode = turn === undefined && warns ? 'warn' : 'skip'
  const mode = isKola ? kolaMode : ((text('mode') ?? 'warn') as KnownFailureMode)
  return {
    source: `${file}:${at.line}`,
    pattern: String(pattern.value),
    matches: globOf(pattern, isKola, fail),
    mode,
    ...optional('reason', text('reason')),
    ...optional('tracker', text('tracker')),
    ...optional('platforms', list('platforms')),
    ...optional('architectures', list(isKola ? 'arches' : 'archs')?.map(architectureOf)),
    ...optional('channels', list(isKola ? 'streams' : 'channels')),
    ...optional('distros', list('distros')),
    ...optional('versions', text('versions')),
    ...optional('turn', turn),
    ...(isKola && turn !== undefined && warns ? { after: 'warn' as const } : {}),
    ...(isKola && pattern.value === IGNORES_CONSOLE ? { ignoresConsole: true } : {}),
  }
}

/** A whole name must fit; `*` crosses dots. kola's globs (Go's filepath.Match) know no braces and no groups. */
function globOf(pattern: Field, isKola: boolean, fail: Fail): (name: string) => boolean {
  const picomatch = createRequire(import.meta.url)('picomatch') as typeof import('picomatch')
  const glob = String(pattern.value).replaceAll('[!', '[^')
  const kola = isKola ? { nobrace: true, noextglob: true } : {}
  try {
    const fits = picomatch(glob, { dot: true, nonegate: true, strictBrackets: true, debug: true, ...kola })
    return (name) => fits(name)
  } catch (error) {
    return fail(
      pattern.valueAt,
      `"${String(pattern.value)}" is no glob: ${messageOf(error).split(' - ')[0] ?? ''}`,
      'known-failures-glob',
    )
  }
}
