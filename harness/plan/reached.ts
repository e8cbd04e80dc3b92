// Which test files a change reaches through what they import, pure. Paths are absolute and without links.

/** File -> the files it imports. */
export type ImportGraph = ReadonlyMap<string, ReadonlySet<string>>

export interface Reached {
  /** Each test file that is reached, with the imports that lead from it to a changed file; alone when it changed itself. */
  readonly byFile: ReadonlyMap<string, readonly string[]>
  /** Changed files that no test file imports. */
  readonly outside: readonly string[]
}

/** Follows the imports of each test file to the nearest changed file. */
export function reachedBy(
  files: readonly string[],
  graph: ImportGraph,
  changed: ReadonlySet<string>,
): Reached {
  const byFile = new Map<string, readonly string[]>()
  const known = new Set(files)
  for (const file of files) {
    const seen = new Map<string, string | undefined>([[file, undefined]])
    let way: readonly string[] | undefined
    for (const at of seen.keys()) {
      if (way === undefined && changed.has(at)) way = wayTo(at, seen)
      for (const next of graph.get(at) ?? []) {
        known.add(next)
        if (!seen.has(next)) seen.set(next, at)
      }
    }
    if (way !== undefined) byFile.set(file, way)
  }
  return { byFile, outside: [...changed].filter((file) => !known.has(file)).toSorted() }
}

function wayTo(file: string, from: ReadonlyMap<string, string | undefined>): readonly string[] {
  const way: string[] = []
  for (let at: string | undefined = file; at !== undefined; at = from.get(at)) way.unshift(at)
  return way
}
