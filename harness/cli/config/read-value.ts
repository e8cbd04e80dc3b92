// Reads the value that a config gives to an option: the same checks as on the command line, and paths made absolute.

import { InvalidArgumentError } from 'commander'
import { resolve } from 'node:path'
import { didYouMean } from '../../nearest.ts'
import type { OptionRow } from '../option-table.ts'

export type Read =
  | { readonly kind: 'value'; readonly value: unknown }
  /** What was expected, to be put after "must be", and perhaps what to do. */
  | { readonly kind: 'wrong'; readonly expected: string; readonly hint?: string }

/** Reads one value; `folder` is the config's. */
export function readValue(row: OptionRow, value: unknown, folder: string): Read {
  const shape = shapeOf(row)
  switch (shape) {
    case 'flag':
      return typeof value === 'boolean' ? { kind: 'value', value } : wrong('true or false')
    case 'list':
      if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
        return wrong('a list of strings')
      return {
        kind: 'value',
        value: row.isPath === true ? value.map((path) => resolve(folder, path)) : value,
      }
    case 'one':
      return readOne(row, value, folder)
    default:
      return shape satisfies never
  }
}

function readOne(row: OptionRow, value: unknown, folder: string): Read {
  const words = row.known ?? row.choices
  if (words !== undefined && !(typeof value === 'string' && words.includes(value))) {
    const hint = typeof value === 'string' ? { hint: didYouMean(value, words) } : {}
    return { ...wrong(`one of ${words.join(', ')}`), ...hint }
  }
  if (row.parse === undefined) {
    if (typeof value !== 'string' || value === '') return wrong('a string')
    return { kind: 'value', value: row.isPath === true && !isUrl(value) ? resolve(folder, value) : value }
  }
  if (typeof value !== 'string' && typeof value !== 'number') return wrong(expectedBy(row.parse))
  try {
    const parsed = row.parse(String(value), undefined)
    // '4' would do on the command line, where everything is text; '4%' is how a share is written.
    if (typeof parsed === 'number' && typeof value === 'string' && !value.endsWith('%'))
      return wrong(`a number, not the text ${JSON.stringify(value)}`)
    return { kind: 'value', value: parsed }
  } catch (error) {
    if (error instanceof InvalidArgumentError) return wrong(expectationIn(error))
    throw error
  }
}

type Shape = 'flag' | 'list' | 'one'

function shapeOf({ flags }: OptionRow): Shape {
  if (!/[<[]/.test(flags)) return 'flag'
  return /\.\.\.[>\]]/.test(flags) ? 'list' : 'one'
}

function wrong(expected: string): Extract<Read, { kind: 'wrong' }> {
  return { kind: 'wrong', expected }
}

/** What a parser says about a text that no parser takes. */
function expectedBy(parse: NonNullable<OptionRow['parse']>): string {
  try {
    parse('\0', undefined)
    return 'a string or a number'
  } catch (error) {
    return expectationIn(error)
  }
}

function expectationIn(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/^It must be /, '').replace(/\.$/, '')
}

/** What has a scheme is no path: `postgres://...`. */
function isUrl(value: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(value)
}
