// The YAML of a policy with its places: the parsed value, and where in the file each part of it stands.

import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml'
import type { PolicyProblem } from './problem.ts'

export type Path = readonly (string | number)[]

export interface PolicyDocument {
  readonly value: unknown
  /** Of what is wrong with the YAML itself. */
  readonly problems: readonly PolicyProblem[]
  /** Where the value at a path begins; of a path that is not there, the nearest above it. */
  readonly placeOf: (path: Path) => Place
  /** Where the key of a value stands. */
  readonly keyPlaceOf: (path: Path) => Place
}

export type Place = Pick<PolicyProblem, 'line' | 'column'>

/** Parses the text. Never throws. */
export function parsePolicyDocument(text: string): PolicyDocument {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: true })
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const problems = document.errors.map(({ message, pos }): PolicyProblem => {
    const first = (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '')
    return { code: 'yaml', ...at(pos[0]), message: first }
  })
  const placeOf = (path: Path): Place => at(offsetOf(document, path))
  return {
    ...valueOf(document, problems),
    placeOf,
    keyPlaceOf: (path) => {
      const offset = keyOffsetOf(document, path)
      return offset === undefined ? placeOf(path) : at(offset)
    },
  }
}

/** Aliases that unfold without end are an error of `toJS`. */
function valueOf(
  document: Document,
  problems: readonly PolicyProblem[],
): Pick<PolicyDocument, 'value' | 'problems'> {
  if (problems.length > 0) return { value: undefined, problems }
  try {
    return { value: document.toJS() as unknown, problems }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { value: undefined, problems: [{ code: 'yaml', line: 1, column: 1, message }] }
  }
}

function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return 0
}

function keyOffsetOf(document: Document, path: Path): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (!isMap(parent)) return undefined
  const key = parent.items
    .map((item) => item.key)
    .find((each) => isScalar(each) && each.value === path.at(-1))
  return isNode(key) ? key.range?.[0] : undefined
}
