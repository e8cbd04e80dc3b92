// Which source file imports what, for the boundaries test: read with a real parser, type-only imports included, paths
// posix and relative to the package.

import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { parseSync, Visitor } from 'oxc-parser'

export interface ModuleImport {
  /** As written. */
  readonly specifier: string
  /** The imported file, for a relative specifier; `undefined` for a package or a `node:` module. */
  readonly file: string | undefined
  /** Erased before anything runs. */
  readonly typeOnly: boolean
}

export interface SourceFile {
  readonly path: string
  readonly lines: number
  readonly imports: readonly ModuleImport[]
}

/** All TypeScript and JavaScript sources below the given folders of `root`. */
export function readSources(root: string, folders: readonly string[]): readonly SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name))
      .map((entry) => posix.relative(root, posix.join(entry.parentPath, entry.name)))
      .toSorted()
      .map((path) => parseSource(path, readFileSync(join(root, path), 'utf8'))),
  )
}

/** The imports of one file's text: static, re-exported, dynamic with a constant, and `import('...')` types. */
export function parseSource(path: string, text: string): SourceFile {
  const { program, module, errors } = parseSync(path, text)
  const [error] = errors
  if (error !== undefined) throw new Error(`${path}: ${error.message}`)
  const found: ModuleImport[] = []
  const add = (specifier: string, typeOnly: boolean): void => {
    const file = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined
    found.push({ specifier, file, typeOnly })
  }
  for (const { moduleRequest, entries } of module.staticImports) {
    add(moduleRequest.value, entries.length > 0 && entries.every((entry) => entry.isType))
  }
  for (const { entries } of module.staticExports) {
    for (const { moduleRequest, isType } of entries) {
      if (moduleRequest !== null) add(moduleRequest.value, isType)
    }
  }
  new Visitor({
    ImportExpression({ source }) {
      if (source.type === 'Literal' && typeof source.value === 'string') add(source.value, false)
    },
    TSImportType({ source }) {
      add(source.value, true)
    },
  }).visit(program)
  return { path, lines: text.split('\n').length - 1, imports: found }
}

/** One cycle of the graph as a closed list of its nodes, or `undefined` when there is none. */
export function findCycle(edges: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] | undefined {
  const done = new Set<string>()
  const path: string[] = []
  const visit = (node: string): readonly string[] | undefined => {
    const at = path.indexOf(node)
    if (at !== -1) return [...path.slice(at), node]
    if (done.has(node)) return undefined
    path.push(node)
    for (const next of edges.get(node) ?? []) {
      const cycle = visit(next)
      if (cycle !== undefined) return cycle
    }
    path.pop()
    done.add(node)
    return undefined
  }
  for (const node of edges.keys()) {
    const cycle = visit(node)
    if (cycle !== undefined) return cycle
  }
  return undefined
}
