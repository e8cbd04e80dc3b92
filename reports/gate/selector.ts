// Selectors: which cells (test x target) a rule is about. Compiled once; a cell is asked in constant time for names that
// were asked before.

import picomatch from 'picomatch'
import type { Selector } from './policy.ts'

/** What is asked of a cell. */
export interface SelectedCell {
  readonly test: string
  readonly aliases: readonly string[]
  readonly tags: readonly string[]
  readonly target: string
}

export interface CompiledSelector {
  readonly admits: (cell: SelectedCell) => boolean
}

/** Compiles it. Throws when a glob cannot be read; a policy that was read has none. */
export function compileSelector(selector: Selector): CompiledSelector {
  const test = remembered(anyOf(selector.tests, matchesTest))
  const target = remembered(anyOf(selector.targets, matchesTarget))
  const admitsTags = tagFilter(selector.tags)
  return {
    admits: (cell) =>
      target(cell.target, [cell.target]) &&
      test(cell.test, [cell.test, ...cell.aliases]) &&
      admitsTags(cell.tags),
  }
}

/** Whether a pattern fits one of the names of a test: a glob, the whole name, or a prefix up to a dot. */
export function matchesTest(pattern: string): (name: string) => boolean {
  if (!isGlob(pattern)) return (name) => name === pattern || name.startsWith(`${pattern}.`)
  return globOf(pattern)
}

/** Whether a pattern fits the name of a target: a glob or the whole name. */
export function matchesTarget(pattern: string): (name: string) => boolean {
  return isGlob(pattern) ? globOf(pattern) : (name) => name === pattern
}

/** The patterns that admit, and those that leave out, without their `!`. */
export function splitPatterns(patterns: readonly string[]): {
  readonly included: readonly string[]
  readonly excluded: readonly string[]
} {
  return {
    included: patterns.filter((pattern) => !pattern.startsWith('!')),
    excluded: patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1)),
  }
}

function isGlob(pattern: string): boolean {
  return /[*?[\]{}()]/.test(pattern)
}

function globOf(pattern: string): (name: string) => boolean {
  const matches = picomatch(pattern, { dot: true, nonegate: true, strictBrackets: true })
  return (name) => matches(name)
}

type NamesFilter = (names: readonly string[]) => boolean

/** With no pattern that admits, all are admitted. */
function anyOf(
  patterns: readonly string[],
  compile: (pattern: string) => (name: string) => boolean,
): NamesFilter {
  const { included, excluded } = splitPatterns(patterns)
  const [admitting, refusing] = [included.map(compile), excluded.map(compile)]
  return (names) =>
    (admitting.length === 0 || names.some((name) => admitting.some((matches) => matches(name)))) &&
    !names.some((name) => refusing.some((matches) => matches(name)))
}

function remembered(filter: NamesFilter): (key: string, names: readonly string[]) => boolean {
  const known = new Map<string, boolean>()
  return (key, names) => {
    const before = known.get(key)
    if (before !== undefined) return before
    const result = filter(names)
    known.set(key, result)
    return result
  }
}

function tagFilter(patterns: readonly string[]): (tags: readonly string[]) => boolean {
  const { included, excluded } = splitPatterns(patterns)
  return (tags) =>
    (included.length === 0 || included.some((tag) => tags.includes(tag))) &&
    !excluded.some((tag) => tags.includes(tag))
}
