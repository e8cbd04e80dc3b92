// Loads test files, so that they register their tests.

import { existsSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { messageOf, UsageError } from '../errors.ts'
import { registeredTests, type RegisteredTest } from '../registry.ts'

const OURS = import.meta.filename.endsWith('.ts') ? '.ts' : '.js'
const builtIn = join(import.meta.dirname, '..', '..', 'tests')

/** Loads every test file below the folders (default: the built-in tests) and returns what is registered. */
export async function loadTests(folders: readonly string[] | undefined): Promise<readonly RegisteredTest[]> {
  const files = folders === undefined ? await findFiles(builtIn, [OURS]) : await findAll(folders)
  for (const file of files) {
    try {
      await import(pathToFileURL(file).href)
    } catch (error) {
      if (error instanceof UsageError) throw error
      throw new UsageError(`the test file ${file} cannot be loaded: ${messageOf(error)}`, {
        code: 'test-file-broken',
        cause: error,
        hint: `node ${file} shows where`,
      })
    }
  }
  return registeredTests()
}

async function findAll(folders: readonly string[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const folder of folders) {
    const path = resolve(folder)
    if (!existsSync(path))
      throw new UsageError(`there is no folder or file ${folder}`, { code: 'no-test-folder' })
    found.push(
      ...(statSync(path).isDirectory() ? await findFiles(path, ['.ts', '.mts', '.js', '.mjs']) : [path]),
    )
  }
  if (found.length === 0)
    throw new UsageError(`no test files in ${folders.join(', ')}`, { code: 'no-test-files' })
  return found
}

async function findFiles(folder: string, endings: readonly string[]): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/\.(?:test|fixture)\.[mc]?[jt]s$|\.d\.[mc]?ts$|node_modules/.test(path))
    .toSorted()
}
