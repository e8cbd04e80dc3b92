// Reads what an external test says of itself: a `# kola: {json}` line, a YAML block after `## kola:`, a kola.json beside
// it. Every fault is a UsageError with file, line and column. Pure: text in, data out.

import { parseDocument, isMap, isScalar } from 'yaml'
import { messageOf, UsageError } from '../errors.ts'
import { oneLine } from '../hostile-text.ts'
import { codeFrame, positionAt, type TextPosition } from '../ignition/code-frame.ts'
import { locateJsonError } from '../ignition/json-error.ts'
import { didYouMean } from '../nearest.ts'
import { keyNames, readMeta, type ExternalMeta, type MetaFault } from './keys.ts'

/** How much of an executable is looked at. */
export const HEADER_BYTES = 8192

const JSON_PREFIX = '# kola: '
const YAML_PREFIX = '## kola:'
const YAML_LINE = '## '

export interface Header {
  readonly meta: ExternalMeta
  /** Where it stands, from 1. */
  readonly line: number
}

/** The header of an executable, undefined when it has none. `file` is its name in errors. */
export function readHeader(file: string, start: string): Header | undefined {
  const lines = start.split('\n').map((line) => line.replace(/\r$/, ''))
  const at = lines.findIndex((line) => line.startsWith(JSON_PREFIX) || line.startsWith(YAML_PREFIX))
  const line = lines[at]
  if (line === undefined) return undefined
  if (line.startsWith(JSON_PREFIX)) {
    const text = line.slice(JSON_PREFIX.length)
    const place = { file, text: start, line: at + 1, column: JSON_PREFIX.length + 1 }
    return { meta: fromJson(text, place), line: at + 1 }
  }
  const rest = lines.slice(at + 1)
  const end = rest.findIndex((other) => !other.startsWith(YAML_LINE))
  const block = end === -1 ? rest : rest.slice(0, end)
  const second = rest.slice(block.length).findIndex((other) => other.startsWith(YAML_PREFIX))
  if (second !== -1) {
    const twice = at + 1 + block.length + second + 1
    throw fault({ file, text: start, line: twice, column: 1 }, 'it has a second "## kola:" block')
  }
  const place = { file, text: start, line: at + 2, column: YAML_LINE.length + 1 }
  return {
    meta: fromYaml(block.map((other) => other.slice(YAML_LINE.length)).join('\n'), place),
    line: at + 1,
  }
}

/** The content of a kola.json. */
export function readKolaJson(file: string, text: string): ExternalMeta {
  return fromJson(text, { file, text, line: 1, column: 1 })
}

/** Where a part of a file begins: the part's first line and column are this one's. */
interface Place {
  readonly file: string
  /** All of the file, for a frame. */
  readonly text: string
  readonly line: number
  readonly column: number
}

function fromJson(text: string, place: Place): ExternalMeta {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const what = messageOf(error).replace(/(, (\.\.\.)?".*is not valid JSON| in JSON at position .*)$/s, '')
    throw fault(
      inside(place, positionAt(text, locateJsonError(text))),
      `it is not valid JSON: ${oneLine(what)}`,
    )
  }
  return checked(value, place, (key) => {
    return positionAt(text, Math.max(0, text.indexOf(JSON.stringify(key))))
  })
}

function fromYaml(text: string, place: Place): ExternalMeta {
  const document = parseDocument(text, { prettyErrors: false })
  const [wrong] = document.errors
  if (wrong !== undefined) {
    throw fault(
      inside(place, positionAt(text, wrong.pos[0])),
      `it is not valid YAML: ${oneLine(wrong.message)}`,
    )
  }
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw fault(inside(place, { line: 1, column: 1 }), `it is not valid YAML: ${oneLine(messageOf(error))}`)
  }
  return checked(value, place, (key) => {
    const { contents } = document
    const pair = isMap(contents)
      ? contents.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
      : undefined
    const offset = isScalar(pair?.key) ? pair.key.range?.[0] : undefined
    return positionAt(text, offset ?? 0)
  })
}

function checked(value: unknown, place: Place, positionOf: (key: string) => TextPosition): ExternalMeta {
  const result = readMeta(value)
  if ('meta' in result) return result.meta
  const { fault: wrong } = result
  const at = inside(place, 'key' in wrong ? positionOf(wrong.key) : { line: 1, column: 1 })
  throw fault(at, messageFor(wrong), 'key' in wrong && wrong.kind === 'unknown' ? wrong.key : undefined)
}

function messageFor(wrong: MetaFault): string {
  switch (wrong.kind) {
    case 'shape':
      return 'it must be a mapping of keys to values'
    case 'unknown':
      return `unknown key "${oneLine(wrong.key, 60)}"`
    case 'value':
      return `"${wrong.key}" must be ${wrong.expected}`
    default:
      return wrong satisfies never
  }
}

/** A position within a part, as one of the file. */
function inside(place: Place, { line, column }: TextPosition): Place {
  const isBlock = place.column === YAML_LINE.length + 1
  return {
    ...place,
    line: place.line + line - 1,
    column: line === 1 || isBlock ? place.column + column - 1 : column,
  }
}

function fault({ file, text, line, column }: Place, what: string, unknownKey?: string): UsageError {
  return new UsageError(
    `${file}:${line}:${column}: the header of this external test is wrong: ${what}\n${codeFrame(text, { line, column })}`,
    {
      code: 'external-header',
      ...(unknownKey === undefined ? {} : { hint: didYouMean(unknownKey, keyNames) }),
    },
  )
}
