// Shows a place in a text to a person: a few lines around it, and a caret under it.

import { plainText } from '../hostile-text.ts'

export interface TextPosition {
  /** From 1. */
  readonly line: number
  readonly column: number
}

/** Line and column of a character offset. */
export function positionAt(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  return { line, column: offset - (before.lastIndexOf('\n') + 1) + 1 }
}

/** Two lines before, the line itself with a caret under the column, one line after. Long lines are cut around it. */
export function codeFrame(text: string, position: TextPosition): string {
  const lines = text.split('\n')
  const first = Math.max(1, position.line - 2)
  const last = Math.min(lines.length, position.line + 1)
  const from = Math.max(0, position.column - 60)
  const shown: string[] = []
  for (let number = first; number <= last; number++) {
    const line = plainText((lines[number - 1] ?? '').slice(from, from + 100)).replaceAll('\t', ' ')
    const isIt = number === position.line
    shown.push(`${isIt ? '>' : ' '} ${String(number).padStart(4)} | ${line}`)
    if (isIt) shown.push(`       | ${' '.repeat(Math.max(0, position.column - from - 1))}^`)
  }
  return shown.join('\n')
}
