// Whether an output is TAP (13 or 14), and what it says: a line at a time, in bounded memory, whatever the guest prints.
// The parsing is tap-parser's.

import { Parser, type FinalResults, type Result, type TapError } from 'tap-parser'
import { messageOf } from '../errors.ts'
import { oneLine } from '../hostile-text.ts'

export interface Subtest {
  /** With the names of the subtests that it is in: `disks > root`. */
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'skipped' | 'todo'
  /** The reason of a skip or todo, or the diagnosis of a failure. */
  readonly message?: string
  readonly durationMs?: number
}

/** What the TAP of an output came to; `none`: it is no TAP. */
export type TapVerdict =
  | { readonly kind: 'none' }
  | { readonly kind: 'passed'; readonly points: number }
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'failed'; readonly message: string; readonly details: readonly string[] }

export interface TapReader {
  /** One line without its newline. */
  line(text: string): void
  end(): TapVerdict
}

/** Lines kept before it is clear whether they are TAP; an output that begins with more is none. */
const UNDECIDED_LINES = 10_000
const LONGEST_LINE = 16 * 1024
const LONGEST_NAME = 300
/** Subtests told of one by one; more are only counted. */
export const MOST_SUBTESTS = 1000

const VERSION = /^TAP version 1[34]\s*$/i
const PLAN = /^1\.\.\d{1,9}(?:\s*(?:#.*)?)?$/
const POINT = /^(?:not )?ok\b/

/**
 * Reads an output. It is TAP when it says its version, or has a plan and a test point: `ok` alone is what many scripts
 * print. `onSubtest` hears of the first subtests, and of failed ones as long as there is room.
 */
export function readTap(onSubtest: (subtest: Subtest) => void): TapReader {
  let undecided: string[] | undefined = []
  let hasPlan = false
  let hasPoint = false
  let state: ParsingState | undefined
  const start = (): void => {
    state = startParsing(onSubtest)
    for (const line of undecided ?? []) state.line(line)
    undecided = undefined
  }
  return {
    line(text) {
      const line = text.slice(0, LONGEST_LINE).replace(/\r$/, '')
      hasPlan ||= PLAN.test(line)
      if (state !== undefined) return state.line(line)
      if (undecided === undefined) return
      hasPoint ||= POINT.test(line)
      undecided.push(line)
      if (VERSION.test(line) || (hasPlan && hasPoint)) start()
      else if (undecided.length > UNDECIDED_LINES) undecided = undefined
    },
    end() {
      // A plan of nothing needs no point.
      if (state === undefined && undecided?.some((line) => /^1\.\.0\b/.test(line)) === true) start()
      if (state === undefined) return { kind: 'none' }
      const verdict = state.end()
      // Without a plan and points the parser says that all was skipped; but then the test ended before it began.
      return verdict.kind === 'skipped' && !hasPlan ? invalid('no plan') : verdict
    },
  }
}

interface ParsingState {
  line(text: string): void
  end(): TapVerdict
}

function startParsing(onSubtest: (subtest: Subtest) => void): ParsingState {
  const parser = new Parser()
  let told = 0
  let points = 0
  let results: FinalResults | undefined
  let crash: string | undefined
  const failed: string[] = []
  const listen = (to: Parser, above: readonly string[]): void => {
    to.on('assert', (result: Result) => {
      points += 1
      const subtest = subtestOf(result, above)
      if (subtest.outcome === 'failed' && failed.length < 20) failed.push(subtest.name)
      if (told >= MOST_SUBTESTS && (subtest.outcome !== 'failed' || told >= MOST_SUBTESTS * 2)) return
      told += 1
      onSubtest(subtest)
    })
    to.on('child', (child: Parser) => listen(child, [...above, oneLine(child.name, 100)]))
  }
  listen(parser, [])
  parser.on('complete', (found: FinalResults) => {
    results = found
  })
  const guarded = (work: () => void): void => {
    if (crash !== undefined) return
    try {
      work()
    } catch (error) {
      crash = messageOf(error)
    }
  }
  return {
    line: (text) => guarded(() => void parser.write(`${text}\n`)),
    end() {
      guarded(() => void parser.end())
      if (results === undefined) {
        return invalid(`the parser gave up: ${oneLine(crash ?? 'no result', 200)}`)
      }
      return verdictOf(results, points, failed)
    },
  }
}

function subtestOf(result: Result, above: readonly string[]): Subtest {
  const own = oneLine(result.name, LONGEST_NAME) || `test ${result.id}`
  const name = oneLine([...above, own].join(' > '), LONGEST_NAME)
  const durationMs = result.time === null || !Number.isFinite(result.time) ? {} : { durationMs: result.time }
  if (result.skip !== false) return { name, outcome: 'skipped', ...reason(result.skip), ...durationMs }
  if (result.todo !== false) return { name, outcome: 'todo', ...reason(result.todo), ...durationMs }
  if (result.ok) return { name, outcome: 'passed', ...durationMs }
  const diagnosis: unknown = result.diag
  const shown = diagnosis === null || diagnosis === undefined ? '' : JSON.stringify(diagnosis)
  return {
    name,
    outcome: 'failed',
    ...(shown === '' ? {} : { message: oneLine(shown, 1000) }),
    ...durationMs,
  }
}

function reason(text: string | true): { readonly message?: string } {
  return typeof text === 'string' && text !== '' ? { message: oneLine(text, LONGEST_NAME) } : {}
}

function verdictOf(results: FinalResults, points: number, failed: readonly string[]): TapVerdict {
  const { plan } = results
  if (results.bailout !== false) {
    const why = typeof results.bailout === 'string' ? `: ${oneLine(results.bailout, 200)}` : ''
    return { kind: 'failed', message: `the test bailed out${why}`, details: failed }
  }
  const errors = results.failures.flatMap((failure) => errorOf(failure) ?? [])
  if (errors.length > 0) return invalid(errors.slice(0, 5).join('; '))
  if (plan.skipAll) {
    const why = oneLine(plan.skipReason.replace(/^skip(?:ped)?\b:?\s*/i, ''), 300)
    return { kind: 'skipped', reason: why === '' ? 'the TAP plan is 1..0' : why }
  }
  if (failed.length > 0) {
    const names = failed.slice(0, 5).map((name) => `"${name}"`)
    const more = failed.length > names.length ? ', and more' : ''
    // What is in a subtest has its own count; the parser's is that of the outermost points.
    const how =
      results.failures.length > 0 ? `${results.failures.length} of ${results.count} subtests` : 'subtests'
    return { kind: 'failed', message: `${how} failed: ${names.join(', ')}${more}`, details: failed }
  }
  return results.ok ? { kind: 'passed', points } : invalid('tap-parser does not accept it')
}

function errorOf(failure: TapError): string | undefined {
  const text: unknown = 'tapError' in failure ? failure.tapError : undefined
  return typeof text === 'string' && text !== '' ? oneLine(text, 200) : undefined
}

function invalid(what: string): TapVerdict {
  return { kind: 'failed', message: `the TAP output is not valid: ${what}`, details: [] }
}
