// What somebody looks for, in Playwright's way of writing: `s:failed t:qemu-arm64 @update boot !slow`. Terms of one kind
// are alternatives, those of different kinds are all asked for, and a `!` in front leaves out.

import type { State } from './words.ts'

type Kind = 's' | 't' | 'c' | 'f' | 'tag' | 'text'

interface Term {
  readonly kind: Kind
  readonly not: boolean
  /** In small letters. */
  readonly word: string
}

export type Query = readonly Term[]

/** What a query is asked about: a test on a target. */
export interface Asked {
  readonly name: string
  readonly tags: readonly string[]
  readonly target: string
  /** Its verdict, and the outcomes of its attempts. */
  readonly states: readonly State[]
  readonly code: string
  readonly file: string
  /** Description and cause. */
  readonly more: string
}

const WORDS = /(!?)(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/g

const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['s', 's'],
  ['t', 't'],
  ['p', 't'],
  ['c', 'c'],
  ['f', 'f'],
])

/** Reads it; nothing is wrong, what is no kind of term is text. */
export function parseQuery(text: string): Query {
  return [...text.matchAll(WORDS)].flatMap(([, not, prefix, quoted, plain]): readonly Term[] => {
    const kind = prefix === undefined ? undefined : kinds.get(prefix)
    const value = (quoted ?? plain ?? '').toLowerCase()
    const whole = kind === undefined && prefix !== undefined ? `${prefix}:${value}` : value
    if (whole === '') return []
    if (kind === undefined && quoted === undefined && whole.startsWith('@') && whole.length > 1)
      return [{ kind: 'tag', not: not === '!', word: whole.slice(1) }]
    return [{ kind: kind ?? 'text', not: not === '!', word: whole }]
  })
}

/** Whether a test on a target is what was asked for. */
export function matches(query: Query, asked: Asked): boolean {
  const wanted = new Map<Kind, boolean>()
  for (const term of query) {
    const does = meets(term, asked)
    if (term.not) {
      if (does) return false
      continue
    }
    // Every word of the text counts; of the others one of a kind does.
    if (term.kind === 'text') {
      if (!does) return false
    } else wanted.set(term.kind, (wanted.get(term.kind) ?? false) || does)
  }
  return [...wanted.values()].every(Boolean)
}

function meets({ kind, word }: Term, asked: Asked): boolean {
  switch (kind) {
    case 's':
      return asked.states.some((state) => state.startsWith(word))
    case 't':
      return asked.target.toLowerCase().includes(word)
    case 'c':
      return asked.code.toLowerCase().includes(word)
    case 'f':
      return asked.file.toLowerCase().includes(word)
    case 'tag':
      return asked.tags.some((tag) => tag.toLowerCase() === word)
    case 'text':
      return asked.name.toLowerCase().includes(word) || asked.more.toLowerCase().includes(word)
    default:
      return kind satisfies never
  }
}

/** The query with a term added, or taken out where it is there; `alone` takes out others of its kind. */
export function toggleTerm(text: string, term: string, alone = false): string {
  const terms: readonly string[] = text.match(/!?(?:[a-z]+:)?(?:"[^"]*"?|\S+)/g) ?? []
  const prefix = /^[a-z]+:/.exec(term)?.[0]
  const rest = terms.filter(
    (other) => other !== term && !(alone && prefix !== undefined && other.startsWith(prefix)),
  )
  return (terms.includes(term) ? rest : [...rest, term]).join(' ')
}

/** A term of a value that may have spaces. */
export function termOf(prefix: string, value: string): string {
  return /[\s"]/.test(value) ? `${prefix}"${value.replaceAll('"', '')}"` : `${prefix}${value}`
}
