// Text as the page holds it: plain, bounded. The page itself puts text only where it cannot act; this keeps out what
// would still deceive there: bidirectional overrides, invisible characters, terminal escapes.

import { plainText, tailText } from '../../harness/hostile-text.ts'

/** Most text needs no work. */
const HARMLESS = /^[\t\n\u0020-\u007E]*$/

/** The same of one line without white space around it. */
const HARMLESS_LINE = /^(?:[!-~](?:[ -~]*[!-~])?)?$/

/** Plain, with its newlines, at most `max` characters: the first ones. */
export function shown(text: string, max = 16 * 1024): string {
  const bounded = text.length > max ? `${text.slice(0, max)}…` : text
  return HARMLESS.test(bounded) ? bounded : plainText(bounded)
}

/** The same of the last characters. */
export function shownTail(text: string, max: number): string {
  const bounded = tailText(text, max)
  return HARMLESS.test(bounded) ? bounded : plainText(bounded)
}

/** One line; newlines as `⏎`. */
export function shownLine(text: string, max = 500): string {
  if (text.length <= max && HARMLESS_LINE.test(text)) return text
  return shown(text, max)
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ⏎ ')
    .replaceAll('\t', ' ')
}

/** What `shown` makes of each value, as pairs. */
export function shownFacts(
  facts: Readonly<Record<string, string | number | undefined>>,
): readonly (readonly [string, string])[] {
  return Object.entries(facts).flatMap(([name, value]) =>
    value === undefined || value === ''
      ? []
      : [[shownLine(name, 60), shownLine(String(value), 300)] as const],
  )
}
