// Finds the external tests below a folder: which files are tests, what belongs to each, what each is called. Reads, never
// runs anything.

import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  realpathSync,
  statSync,
  type Stats,
} from 'node:fs'
import { basename, join, relative, sep } from 'node:path'
import { messageOf, UsageError } from '../errors.ts'
import { HEADER_BYTES, readHeader, readKolaJson } from './header.ts'
import type { ExternalMeta } from './keys.ts'

export interface ExternalTest {
  /** A name of our registry. */
  readonly name: string
  /** As kola calls it. */
  readonly kolaName: string
  /** Absolute, without links. */
  readonly executable: string
  /** As it is shown: relative to the working directory where possible. */
  readonly file: string
  /** Of its header, else 1. */
  readonly line: number
  /** kola.json's keys, and over them those of its own header. */
  readonly meta: ExternalMeta
  /** Ignition JSON or Butane YAML. */
  readonly config: string | undefined
  /** Absolute, without links: the folder that it gets as `KOLA_EXT_DATA`. */
  readonly dataFolder: string | undefined
  /** Absolute, without links: what its folder's links may not leave. */
  readonly root: string
}

export interface Found {
  readonly tests: readonly ExternalTest[]
  /** What looks like a mistake but is none for certain. */
  readonly warnings: readonly string[]
}

const MOST_HEADER_FILE = 1024 * 1024

/** All tests of one `--external` folder: those below its `tests/kola` if it has that, else below itself. */
export function findExternalTests(folder: string): Found {
  const root = realFolder(folder)
  const inKolasPlace = join(root, 'tests', 'kola')
  const top = existsSync(inKolasPlace) ? realpathSync(inKolasPlace) : root
  const tests: ExternalTest[] = []
  const warnings: string[] = []
  visit({ root, path: top, prefix: `ext.${basename(root)}`, above: [] }, tests, warnings)
  if (tests.length === 0) {
    throw new UsageError(`there is no executable file in ${folder}`, {
      code: 'no-external-tests',
      hint: `external tests are files with their executable bit set, below ${shown(top)}`,
    })
  }
  return { tests: distinct(tests), warnings }
}

interface Visit {
  readonly root: string
  readonly path: string
  readonly prefix: string
  /** Real paths of the folders above, against loops of links. */
  readonly above: readonly string[]
}

function visit(at: Visit, tests: ExternalTest[], warnings: string[]): void {
  const { root, path, prefix, above } = at
  const real = realpathSync(path)
  if (above.includes(real)) return
  const names = readdirSync(path).toSorted()
  const executables: string[] = []
  let meta: ExternalMeta = {}
  let config: string | undefined
  let dataFolder: string | undefined
  for (const name of names) {
    if (name.startsWith('.') || name === 'node_modules') continue
    const entry = join(path, name)
    const stat = followed(entry, root)
    if (stat.isDirectory() && name === 'data') dataFolder = realpathSync(entry)
    else if (stat.isDirectory())
      visit({ root, path: entry, prefix: `${prefix}.${name}`, above: [...above, real] }, tests, warnings)
    else if (!stat.isFile()) continue
    else if ((stat.mode & 0o111) !== 0) executables.push(name)
    else if (name === 'config.ign' || name === 'config.bu') {
      if (config !== undefined) {
        throw new UsageError(`${shown(path)} has both a config.ign and a config.bu`, {
          code: 'external-two-configs',
        })
      }
      config = readFileSync(entry, 'utf8')
    } else if (name === 'kola.json') meta = readKolaJson(shown(entry), boundedText(entry, MOST_HEADER_FILE))
    else if (name === 'config.fcc') {
      warnings.push(`${shown(entry)} is not read: rename it to config.bu`)
    } else if (boundedText(entry, 2) === '#!') {
      warnings.push(`${shown(entry)} begins with #! but is not executable: it is no test`)
    }
  }
  for (const name of executables) {
    const executable = realpathSync(join(path, name))
    const file = shown(join(path, name))
    const header = readHeader(file, boundedText(executable, HEADER_BYTES))
    const isOnly = executables.length === 1 && name === 'test.sh'
    const kolaName = isOnly ? prefix : `${prefix}.${name}`
    tests.push({
      name: registryName(kolaName),
      kolaName,
      executable,
      file,
      line: header?.line ?? 1,
      meta: { ...meta, ...header?.meta },
      config,
      dataFolder,
      root,
    })
  }
}

/** What an entry is after its links. A link that leads out of the folder would take along files that nobody meant. */
function followed(entry: string, root: string): Stats {
  let real: string
  try {
    real = realpathSync(entry)
  } catch (error) {
    throw new UsageError(`${shown(entry)} cannot be read: ${messageOf(error)}`, {
      code: 'external-unreadable',
      hint: 'is it a link to something that is gone?',
      cause: error,
    })
  }
  requireInside(entry, real, root)
  return statSync(real)
}

/** Throws a UsageError when `real` is not below the folder that was given with `--external`. */
export function requireInside(entry: string, real: string, root: string): void {
  if (real === root || real.startsWith(root + sep)) return
  throw new UsageError(`${shown(entry)} is a link to ${real}, outside of ${shown(root)}`, {
    code: 'external-link-outside',
    hint: 'links are followed within the folder given with --external; copy the file, or give a folder further up',
  })
}

function realFolder(folder: string): string {
  try {
    const real = realpathSync(folder)
    if (statSync(real).isDirectory()) return real
  } catch {
    // Said below.
  }
  throw new UsageError(`there is no folder ${folder}`, { code: 'no-external-folder' })
}

/** The first bytes as text; a header is ASCII, whatever follows it. */
function boundedText(path: string, bytes: number): string {
  return readStart(path, bytes).toString('utf8')
}

/** The first bytes of a file. */
export function readStart(path: string, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes)
  const file = openSync(path, 'r')
  try {
    const count = readSync(file, buffer, 0, bytes, 0)
    return buffer.subarray(0, count)
  } finally {
    closeSync(file)
  }
}

function shown(path: string): string {
  const inside = relative(process.cwd(), path)
  return (inside.startsWith('..') ? path : inside).replaceAll(sep, '/')
}

const LONGEST_NAME = 120

/** kola's name as one of our registry: lower case, with `-` for what has no place in it. */
export function registryName(kolaName: string): string {
  const name = kolaName
    .toLowerCase()
    .split('.')
    .map((part) => part.replaceAll(/[^a-z0-9_-]+/g, '-').replaceAll(/^[-_]+|-+$/g, ''))
    .filter((part) => part !== '')
    .join('.')
  return name.length <= LONGEST_NAME
    ? name
    : `${name.slice(0, LONGEST_NAME - 9).replace(/\.$/, '')}-${short(kolaName)}`
}

/** Names that became equal on the way are told apart by a word made of kola's. */
function distinct(tests: readonly ExternalTest[]): readonly ExternalTest[] {
  const counts = Map.groupBy(tests, ({ name }) => name)
  return tests.map((test) =>
    (counts.get(test.name)?.length ?? 0) === 1
      ? test
      : { ...test, name: `${test.name.slice(0, LONGEST_NAME - 9)}-${short(test.kolaName)}` },
  )
}

function short(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}
