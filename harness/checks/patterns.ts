// Finds the lines of a console or journal that mean trouble. What is looked for is the table in pattern-table.ts; here
// a line is freed of what only frames its message, and the table is applied to it.

import { plainText } from '../hostile-text.ts'
import { badPatterns, type BadPattern } from './pattern-table.ts'

export { badPatterns, type BadPattern } from './pattern-table.ts'

/** A line that matched. The line is the guest's: hostile. */
export interface BadLine {
  readonly code: string
  readonly description: string
  readonly severity: 'fatal' | 'failure'
  readonly line: string
}

export interface MatchOptions {
  /** Journal lines read `identifier[pid]: message`, as journalctl shows them without the date. */
  readonly source: 'console' | 'journal'
  /** Leaves out patterns that are of other distros; undefined leaves out none. */
  readonly distro?: string | undefined
  /** Codes not to look for. */
  readonly leaveOut?: ReadonlySet<string> | undefined
  /** Codes of patterns that are looked for only on request. */
  readonly include?: ReadonlySet<string> | undefined
}

/** A message and who said it; `by` is undefined on a console line that does not tell: the kernel, or anybody. */
interface Message {
  readonly by: string | undefined
  readonly text: string
}

/** Longer lines are judged by their start. */
const LONGEST = 4096

/** The patterns that one line matches, most often none. Patterns that need several lines are left to `lineMatcher`. */
export function matchLine(line: string, options: MatchOptions): readonly BadLine[] {
  return matching(line, options)
    .filter((pattern) => pattern.least === undefined)
    .map((pattern) => badLine(pattern, line))
}

/** As `matchLine`, for the lines of one machine in order; keeps count of what is bad only when it is repeated. */
export function lineMatcher(options: MatchOptions): (line: string) => readonly BadLine[] {
  const counts = new Map<string, number>()
  return (line) =>
    matching(line, options)
      .filter((pattern) => {
        const count = (counts.get(pattern.code) ?? 0) + 1
        counts.set(pattern.code, count)
        return count >= (pattern.least ?? 1)
      })
      .map((pattern) => badLine(pattern, line))
}

/** All bad lines of a finished log. */
export function scanLines(lines: Iterable<string>, options: MatchOptions): readonly BadLine[] {
  const match = lineMatcher(options)
  return [...lines].flatMap((line) => match(line))
}

function matching(line: string, options: MatchOptions): readonly BadPattern[] {
  const message = messageOf(line, options.source)
  if (message.text === '') return []
  return badPatterns.filter(
    (pattern) => isWanted(pattern, options) && isFrom(pattern, message) && pattern.regex.test(message.text),
  )
}

function isWanted(pattern: BadPattern, { source, distro, leaveOut, include }: MatchOptions): boolean {
  if (pattern.source !== 'both' && pattern.source !== source) return false
  if (leaveOut?.has(pattern.code) === true) return false
  if (pattern.onRequest === true && include?.has(pattern.code) !== true) return false
  return (
    distro === undefined || pattern.distros === undefined || pattern.distros.some((name) => name === distro)
  )
}

/** A program that repeats a kernel message (sudo logs command lines, tests search logs) is not the kernel. */
function isFrom({ from }: BadPattern, { by }: Message): boolean {
  if (from === undefined || by === undefined) return true
  return from === 'kernel' ? by === 'kernel' : from.includes(by)
}

function badLine({ code, description, severity }: BadPattern, line: string): BadLine {
  return { code, description, severity, line }
}

// `<4>`, `[   12.345678] `, `[   12.345678][  T123] `: what printk puts before a message.
const PRINTK = /^(?:<\d{1,3}>)?\[ {0,8}\d{1,10}\.\d{1,9}\](?:\[ {0,8}[CT]\d{1,8}\])? ?/
// `[FAILED] `, `[DEPEND] `, `[  OK  ] `, `[!!!!!!] `: what systemd puts before its status lines.
const STATUS_TAG = /^\[(?:FAILED|DEPEND| {2}OK {2}|!!!!!!)\] /
// A console line without a process id in it is not taken apart: `device-mapper: ...` is the kernel's own.
const CONSOLE_IDENTIFIER = /^([^\s:[\]]{1,64})\[\d{1,10}\]: (?!segfault at |unhandled )/
const JOURNAL_IDENTIFIER = /^([^\s:[\]]{1,64})(?:\[\d{1,10}\])?: /

function messageOf(line: string, source: 'console' | 'journal'): Message {
  let text = plainText(line.slice(0, LONGEST)).replace(/^[\t\n ]+/, '')
  if (source === 'console') text = text.replace(PRINTK, '').replace(STATUS_TAG, '')
  const identified = (source === 'console' ? CONSOLE_IDENTIFIER : JOURNAL_IDENTIFIER).exec(text)
  if (identified === null) return { by: undefined, text }
  return { by: identified[1], text: text.slice(identified[0].length) }
}
