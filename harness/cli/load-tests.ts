// Loads test files, so that they register their tests, and remembers which file each test came with.

import { existsSync, realpathSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { messageOf, UsageError } from '../errors.ts'
import { moduleHint } from './module-hint.ts'
import { countTests, namesFrom, registeredTests, type RegisteredTest } from '../registry.ts'

const OURS = import.meta.filename.endsWith('.ts') ? '.ts' : '.js'
/** Where the tests of the operating system are that come along. */
export const builtIn = join(import.meta.dirname, '..', '..', 'tests')
const ENDINGS = ['.ts', '.mts', '.js', '.mjs']

export interface LoadedTests {
  readonly tests: readonly RegisteredTest[]
  /** The test files, absolute and without links, in the order they were loaded. */
  readonly files: readonly string[]
  /** The test file that was being loaded when a test registered itself, by the test's name. */
  readonly fileOf: ReadonlyMap<string, string>
}

/** Loads every test file below the folders (default: the built-in tests) and returns what is registered. */
export async function loadTests(folders: readonly string[] | undefined): Promise<readonly RegisteredTest[]> {
  return (await loadTestFiles(folders)).tests
}

/** As `loadTests`, with the files; `more` are loaded too. */
export async function loadTestFiles(
  folders: readonly string[] | undefined,
  more: readonly string[] = [],
): Promise<LoadedTests> {
  const found = folders === undefined ? await findFiles(builtIn, [OURS]) : await findAll(folders)
  const rest = more.length === 0 ? [] : await findAll(more)
  const files = [...new Set([...found, ...rest].map((file) => realpathSync(file)))]
  const fileOf = new Map<string, string>()
  for (const file of files) {
    const before = countTests()
    await load(file)
    for (const name of namesFrom(before)) fileOf.set(name, file)
  }
  return { tests: registeredTests(), files, fileOf }
}

async function load(file: string): Promise<void> {
  try {
    await import(pathToFileURL(file).href)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`the test file ${file} cannot be loaded: ${messageOf(error)}`, {
      code: 'test-file-broken',
      cause: error,
      hint: moduleHint(error) ?? `node ${file} shows where`,
    })
  }
}

async function findAll(folders: readonly string[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const folder of folders) {
    const path = resolve(folder)
    if (!existsSync(path))
      throw new UsageError(`there is no folder or file ${folder}`, { code: 'no-test-folder' })
    found.push(...(statSync(path).isDirectory() ? await findFiles(path, ENDINGS) : [path]))
  }
  if (found.length === 0 && folders.length > 0)
    throw new UsageError(`no test files in ${folders.join(', ')}`, { code: 'no-test-files' })
  return found
}

async function findFiles(folder: string, endings: readonly string[]): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => isTestFile(folder, path, endings))
    .toSorted()
}

/** Whether a file in a folder of tests is one, by its name there: the folder itself may well be part of an installed package. */
export function isTestFile(folder: string, path: string, endings: readonly string[] = ENDINGS): boolean {
  return (
    endings.some((ending) => path.endsWith(ending)) &&
    !/\.(?:test|fixture)\.[mc]?[jt]s$|\.d\.[mc]?ts$|(?:^|[\\/])node_modules[\\/]/.test(relative(folder, path))
  )
}
