// The keys that an external test may set, as kola has them, and one of our own: which values each takes. Pure.

import { isObject } from '../ignition/source.ts'

/** What a header says, checked; lists of words are lists here however they were written. */
export interface ExternalMeta {
  readonly architectures?: WordList
  readonly platforms?: WordList
  readonly distros?: WordList
  readonly tags?: readonly string[]
  readonly requiredTag?: string
  readonly description?: string
  readonly creationDate?: string
  readonly timeoutMin?: number
  readonly exclusive?: boolean
  readonly conflicts?: readonly string[]
  readonly additionalDisks?: readonly string[]
  readonly primaryDisk?: string
  readonly minDisk?: number
  readonly minMemory?: number
  readonly numaNodes?: boolean
  readonly additionalNics?: number
  readonly appendKernelArgs?: string
  readonly appendFirstbootKernelArgs?: string
  readonly injectContainer?: boolean
  readonly allowConfigWarnings?: boolean
  readonly noInstanceCreds?: boolean
  readonly instanceType?: string
  readonly bindMountHostRO?: readonly string[]
  readonly bootFrom?: string
  readonly requiredHostPorts?: readonly number[]
  /** Ours: it runs on so many machines of one private network at once. */
  readonly machines?: number
}

/** `aws qemu`, or with a leading `!` all but these. */
export interface WordList {
  readonly words: readonly string[]
  readonly excludes: boolean
}

type KeyName = keyof ExternalMeta
type Read<Value> = (value: unknown) => Value | undefined

interface KeyRow<Value> {
  /** What it must be, as it reads after "must be". */
  readonly expected: string
  /** Undefined: it is not. */
  readonly read: Read<Value>
}

const isText = (value: unknown): value is string => typeof value === 'string'

const splitWords = (value: unknown): readonly string[] | undefined => {
  if (isText(value)) return value.split(/\s+/).filter((word) => word !== '')
  return Array.isArray(value) && value.every(isText) ? value : undefined
}

const wordList: KeyRow<WordList> = {
  expected: 'words in one string, like "qemu aws", or "!aws" for all others',
  read: (value) => {
    const words = splitWords(value)
    if (words === undefined) return undefined
    const excludes = words[0]?.startsWith('!') === true
    const bare = excludes ? [words[0]?.slice(1) ?? '', ...words.slice(1)] : words
    return { words: bare.filter((word) => word !== ''), excludes }
  },
}
const words: KeyRow<readonly string[]> = { expected: 'words in one string, like "a b"', read: splitWords }
const texts: KeyRow<readonly string[]> = {
  expected: 'a list of strings',
  read: (value) => (Array.isArray(value) && value.every(isText) ? value : undefined),
}
const text: KeyRow<string> = { expected: 'a string', read: (value) => (isText(value) ? value : undefined) }
const flag: KeyRow<boolean> = {
  expected: 'true or false',
  read: (value) => (typeof value === 'boolean' ? value : undefined),
}
const count = (min: number, max: number): KeyRow<number> => ({
  expected: `a whole number from ${min} to ${max}`,
  read: (value) => (isCount(value, min, max) ? value : undefined),
})

function isCount(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
}

const table: { readonly [Key in KeyName]-?: KeyRow<NonNullable<ExternalMeta[Key]>> } = {
  architectures: wordList,
  platforms: wordList,
  distros: wordList,
  tags: words,
  requiredTag: text,
  description: text,
  creationDate: {
    expected: 'a date, like "2026-05-31"',
    // YAML 1.1 readers make a date of it; ours leaves it a string.
    read: (value) => (isText(value) && !Number.isNaN(Date.parse(value)) ? value : undefined),
  },
  timeoutMin: {
    expected: 'a number of minutes, more than 0 and at most 1440',
    read: (value) => (typeof value === 'number' && value > 0 && value <= 24 * 60 ? value : undefined),
  },
  exclusive: flag,
  conflicts: texts,
  additionalDisks: texts,
  primaryDisk: {
    expected: 'a string like "20G", or a list of one',
    read: (value) => {
      const one: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value
      return isText(one) ? one : undefined
    },
  },
  minDisk: count(1, 16_384),
  minMemory: count(1, 1 << 20),
  numaNodes: flag,
  additionalNics: count(0, 64),
  appendKernelArgs: text,
  appendFirstbootKernelArgs: text,
  injectContainer: flag,
  allowConfigWarnings: flag,
  noInstanceCreds: flag,
  instanceType: text,
  bindMountHostRO: texts,
  bootFrom: text,
  requiredHostPorts: {
    expected: 'a list of port numbers',
    read: (value) =>
      Array.isArray(value) && value.every((port) => isCount(port, 1, 65_535)) ? value : undefined,
  },
  machines: count(1, 64),
}

export const keyNames: readonly string[] = Object.keys(table)

/** A fault of a value; `key` is undefined when it is no mapping at all. */
export type MetaFault =
  | { readonly kind: 'shape' }
  | { readonly kind: 'unknown'; readonly key: string }
  | { readonly kind: 'value'; readonly key: string; readonly expected: string }

/** Checks what a header or kola.json holds. Nothing at all is an empty header. */
export function readMeta(value: unknown): { readonly meta: ExternalMeta } | { readonly fault: MetaFault } {
  if (value === null || value === undefined) return { meta: {} }
  if (!isObject(value)) return { fault: { kind: 'shape' } }
  const meta: Record<string, unknown> = {}
  for (const [key, given] of Object.entries(value)) {
    if (!Object.hasOwn(table, key)) return { fault: { kind: 'unknown', key } }
    const { expected, read } = table[key as KeyName] as KeyRow<unknown>
    // A key without a value says nothing, as in Go's decoders.
    if (given === null) continue
    const read1 = read(given)
    if (read1 === undefined) return { fault: { kind: 'value', key, expected } }
    meta[key] = read1
  }
  return { meta }
}
