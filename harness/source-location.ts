// Where in a test file something happened: from a stack trace to file, line, column and a few lines of source.

import { readFileSync } from 'node:fs'
import { relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SourceLocation } from './model.ts'

const FRAME = /^\s+at (?:.*? \()?(?:async )?((?:file:\/\/|\/)[^()]+?):(\d+):(\d+)\)?$/

/**
 * The first frame of `stack` that is in neither the harness nor a dependency, else the first in a dependency: an installed package may
 * be what the tests came with. Undefined when there is none, or when the stack does not pass through `mustPass`.
 */
export function locationOf(stack: string | undefined, mustPass?: string): SourceLocation | undefined {
  let first: SourceLocation | undefined
  let dependency: SourceLocation | undefined
  for (const { isDependency, ...frame } of framesOf(stack)) {
    if (isDependency) dependency ??= frame
    else first ??= frame
    if (mustPass === undefined ? !isDependency : frame.file === mustPass) return first ?? dependency
  }
  return mustPass === undefined ? dependency : undefined
}

function* framesOf(
  stack: string | undefined,
): Generator<SourceLocation & { readonly isDependency: boolean }> {
  for (const line of stack?.split('\n') ?? []) {
    const match = FRAME.exec(line)
    const [, place, row, column] = match ?? []
    if (place === undefined || row === undefined || column === undefined) continue
    const path = place.startsWith('file:') ? fileURLToPath(place) : place
    if (isOurs(path)) continue
    const isDependency = path.includes(`${sep}node_modules${sep}`)
    yield { file: shown(path), line: Number(row), column: Number(column), isDependency }
  }
}

/** Where the caller of a public function of the harness stands. */
export function callerLocation(): SourceLocation {
  const { stackTraceLimit } = Error
  // The caller stands right behind a few frames of the harness.
  Error.stackTraceLimit = 12
  const stack = new Error('where').stack
  Error.stackTraceLimit = stackTraceLimit
  return locationOf(stack) ?? { file: 'unknown', line: 0, column: 0 }
}

/** The lines around a location, the line itself marked with `>`; undefined when the file cannot be read. */
export function codeFrame(location: SourceLocation, around = 2): string | undefined {
  let lines: string[]
  try {
    lines = readFileSync(location.file, 'utf8').split('\n')
  } catch {
    return undefined
  }
  const first = Math.max(1, location.line - around)
  const last = Math.min(lines.length, location.line + around)
  const width = String(last).length
  const shownLines: string[] = []
  for (let row = first; row <= last; row += 1) {
    const mark = row === location.line ? '>' : ' '
    shownLines.push(`${mark} ${String(row).padStart(width)} | ${lines[row - 1] ?? ''}`)
    if (row === location.line) {
      shownLines.push(`  ${' '.repeat(width)} | ${' '.repeat(Math.max(0, location.column - 1))}^`)
    }
  }
  return shownLines.join('\n')
}

const harnessFolder = import.meta.dirname + sep

function isOurs(path: string): boolean {
  return path.startsWith(harnessFolder) && !path.includes('.test.')
}

function shown(path: string): string {
  const cwd = process.cwd()
  // Quicker than `relative`, for every test of a corpus.
  if (path.startsWith(cwd + sep)) return path.slice(cwd.length + 1).replaceAll(sep, '/')
  const inside = relative(cwd, path)
  return (inside.startsWith('..') ? path : inside).replaceAll(sep, '/')
}
