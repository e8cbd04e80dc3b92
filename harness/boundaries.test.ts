// The folder tree is the architecture, and this test checks it: import directions, no cycles, small files, names, and
// that the published code uses published dependencies only.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from './package-root.ts'
import { isDevelopmentFile, mayImport, ruleFor } from './setup/import-rules.ts'
import { findCycle, parseSource, readSources, type SourceFile } from './setup/module-graph.ts'

const ROOMS = ['harness', 'platforms', 'qemu', 'reports', 'tests']
const TOP_LEVEL = new Set([
  ...ROOMS,
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
  'docs',
  'package.json',
  'tsconfig.json',
  // What npm and vitest insist on.
  'package-lock.json',
  'node_modules',
  'vitest.config.ts',
  // Ignored by git: what the build and the runs write.
  'dist',
  'signalbox-results',
])

const sources = readSources(packageRoot, ROOMS)

/** Imports that break a rule, as lines to read. */
function violations(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path, imports }) =>
    imports.flatMap(({ file }) =>
      file === undefined || mayImport(path, file)
        ? []
        : [`${path} imports ${file}, but ${ruleFor(path).because}`],
    ),
  )
}

const folderOf = (path: string): string | undefined => /^harness\/([^/]+)\//.exec(path)?.[1]

const isBadName = (path: string): boolean =>
  /^(utils?|helpers?|common|misc)\./.test(basename(path)) ||
  !/^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(basename(path))

test('imports go one way', () => {
  expect(violations(sources)).toEqual([])
})

test.each([
  ['harness/plan/select.ts', '../../qemu/index.ts'],
  ['harness/plan/select.ts', '../../platforms/qemu/index.ts'],
  ['harness/plan/select.ts', '../../reports/index.ts'],
  ['harness/plan/select.ts', '../cli/main.ts'],
  ['harness/plan/select.test.ts', '../../platforms/qemu/index.ts'],
  ['platforms/qemu/index.ts', '../../harness/index.ts'],
  ['platforms/qemu/index.ts', '../../reports/index.ts'],
  ['qemu/launch.ts', '../harness/machine.ts'],
  ['qemu/launch.ts', '../platforms/platform.ts'],
  ['reports/junit.ts', '../harness/machine.ts'],
  ['tests/boot/basic.ts', '../../harness/machine.ts'],
  ['tests/boot/basic.ts', '../../qemu/index.ts'],
])('%s must not import %s', (from, specifier) => {
  const texts = [
    `import { x } from '${specifier}'`,
    `import type { x } from '${specifier}'`,
    `export * from '${specifier}'`,
    `await import('${specifier}')`,
    `type T = import('${specifier}').T`,
  ]
  for (const text of texts) expect(violations([parseSource(from, text)]), text).toHaveLength(1)
})

test.each([
  ['harness/cli/main.ts', '../../qemu/index.ts'],
  ['harness/plan/select.ts', '../model.ts'],
  ['harness/plan/select.test.ts', '../../platforms/fake/index.ts'],
  ['platforms/qemu/index.ts', '../../harness/machine.ts'],
  ['qemu/image/recipe.ts', '../../harness/model.ts'],
  ['qemu/launch.ts', '../harness/process.ts'],
  ['reports/junit.ts', '../harness/events.ts'],
  ['tests/boot/basic.ts', '../../harness/index.ts'],
])('%s may import %s', (from, specifier) => {
  expect(violations([parseSource(from, `import { x } from '${specifier}'`)])).toEqual([])
})

test('no import cycle between files', () => {
  const edges = sources.map(({ path, imports }): [string, Set<string>] => {
    const files = imports.filter(({ typeOnly }) => !typeOnly).flatMap(({ file }) => file ?? [])
    return [path, new Set(files)]
  })
  expect(findCycle(new Map(edges))).toBeUndefined()
})

test('no import cycle between the folders of the harness', () => {
  const edges = new Map<string, Set<string>>()
  for (const { path, imports } of sources.filter((source) => !isDevelopmentFile(source.path))) {
    const from = folderOf(path)
    for (const { file, typeOnly } of imports) {
      const to = file === undefined ? undefined : folderOf(file)
      if (from === undefined || to === undefined || from === to || typeOnly) continue
      edges.set(from, (edges.get(from) ?? new Set()).add(to))
    }
  }
  expect(findCycle(edges)).toBeUndefined()
})

test('published code imports published dependencies only', () => {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(packageRoot, 'package.json'), 'utf8'),
  ) as Record<'dependencies' | 'devDependencies', Readonly<Record<string, string>>>
  const published = new Set(Object.keys(dependencies))
  const all = new Set([...published, ...Object.keys(devDependencies)])
  const builtin = new Set(builtinModules)
  const wrong = sources.flatMap(({ path, imports }) =>
    imports.flatMap(({ specifier, file, typeOnly }) => {
      if (file !== undefined || specifier.startsWith('node:')) return []
      if (builtin.has(specifier)) return [`${path}: write node:${specifier}`]
      const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
      const known = isDevelopmentFile(path) || typeOnly ? all : published
      const types = `@types/${name}`
      return known.has(name) || (typeOnly && all.has(types)) ? [] : [`${path} imports ${specifier}`]
    }),
  )
  expect(wrong).toEqual([])
})

test('the top level holds the rooms and what tools insist on', () => {
  const entries = readdirSync(packageRoot).filter((name) => !name.startsWith('.') && !name.endsWith('.tgz'))
  expect(entries.filter((name) => !TOP_LEVEL.has(name))).toEqual([])
})

test.each(['harness', 'platforms', 'qemu', 'reports'])('%s has an index', (room) => {
  expect(existsSync(join(packageRoot, room, 'index.ts'))).toBe(true)
})

test('no file is over 400 lines', () => {
  expect(sources.filter(({ lines }) => lines > 400).map(({ path, lines }) => `${path}: ${lines}`)).toEqual([])
})

test('files are named by what they own, in kebab-case', () => {
  expect(sources.map(({ path }) => path).filter(isBadName)).toEqual([])
})

test('bootstrap is the only source that is not TypeScript', () => {
  const others = sources.map(({ path }) => path).filter((path) => !path.endsWith('.ts'))
  expect(others).toEqual(['harness/setup/bootstrap.mjs'])
})
