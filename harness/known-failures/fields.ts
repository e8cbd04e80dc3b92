// The fields of an entry in both forms: what each accepts, as one table a form. Pure: a value in, what is wrong with it out.

import { createRequire } from 'node:module'
import { distroProfiles } from '../profiles/index.ts'
import type { Turn } from './entry.ts'

/** What was expected instead, or undefined when the value is right. */
type Check = (value: unknown) => string | undefined

const text: Check = (value) => (typeof value === 'string' && value.trim() !== '' ? undefined : 'some text')
const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && words.includes(value) ? undefined : words.join(', ')
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.length > 0 && value.every((item) => check(item) === undefined)
      ? undefined
      : `a list of ${check(undefined) ?? 'texts'}`

/** kola reads its file with YAML 1.1, where these are booleans. */
const KOLA_TRUE = /^(?:y|yes|true|on)$/i
const KOLA_FALSE = /^(?:n|no|false|off)$/i
const kolaFlag: Check = (value) =>
  typeof value === 'boolean' ||
  (typeof value === 'string' && (KOLA_TRUE.test(value) || KOLA_FALSE.test(value)))
    ? undefined
    : 'true or false'

/** The value of a field that `kolaFlag` accepts. */
export function isKolaTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && KOLA_TRUE.test(value))
}

const day: Check = (value) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) && turnOf(value) !== undefined
    ? undefined
    : 'a day, YYYY-MM-DD'
const moment: Check = (value) =>
  typeof value === 'string' && turnOf(value) !== undefined
    ? undefined
    : 'a day, YYYY-MM-DD, or a moment with its time zone, 2026-03-01T12:00:00Z'

const range: Check = (value) => {
  const semver = createRequire(import.meta.url)('semver') as typeof import('semver')
  return typeof value === 'string' && semver.validRange(value) !== null
    ? undefined
    : 'a semver range, like >=3033.2.0 <4000.0.0'
}

/** kola's name of an architecture -> ours; others stay, and fit no target. */
const architectures: Readonly<Record<string, string>> = { aarch64: 'arm64', amd64: 'x86_64' }

/** Our name of an architecture. */
export function architectureOf(word: string): string {
  return Object.hasOwn(architectures, word) ? (architectures[word] ?? word) : word
}

/** Our own form. */
export const ownFields: Readonly<Record<string, Check>> = {
  pattern: text,
  reason: text,
  tracker: text,
  mode: oneOf('skip', 'warn', 'must-fail'),
  platforms: listOf(text),
  archs: listOf(oneOf('x86_64', 'arm64', 'riscv64', ...Object.keys(architectures))),
  channels: listOf(text),
  versions: range,
  distros: listOf(oneOf(...Object.keys(distroProfiles))),
  snooze: moment,
  expires: moment,
}

/** kola's (coreos-assembler, mantle/kola/harness.go, `DenyListObj`). */
export const kolaFields: Readonly<Record<string, Check>> = {
  pattern: text,
  tracker: text,
  streams: listOf(text),
  arches: listOf(text),
  platforms: listOf(text),
  snooze: day,
  warn: kolaFlag,
}

const ISO = /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/

/** A day (from its midnight, UTC) or a moment; undefined for anything else, and for days that no calendar has. */
export function turnOf(value: string): Turn | undefined {
  const date = ISO.exec(value)?.[1]
  if (date === undefined) return undefined
  const [atMs, midnight] = [Date.parse(value), Date.parse(date)]
  // Date.parse takes 30 February for 2 March.
  if (Number.isNaN(atMs) || Number.isNaN(midnight)) return undefined
  return new Date(midnight).toISOString().startsWith(date) ? { text: value, atMs } : undefined
}
