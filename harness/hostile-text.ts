// Text from a guest is hostile: it may carry terminal escapes, HTML, NULs, or be endless. One place makes it safe to
// show on a terminal or to put in a line-based report; HTML and XML writers escape on top of this.

/** Characters of one text that are looked at: no report shows more, and a flood must not cost time. */
const LONGEST_TEXT = 1 << 20

/**
 * ECMA-48 sequences with 7-bit (ESC x) and 8-bit (C1) introducers. A string sequence (OSC, DCS, SOS, PM, APC) is removed
 * with its payload only when it is terminated before the line ends; otherwise only its introducer goes, so that an
 * unterminated one cannot hide the evidence after it. Payloads exclude controls, which keeps matching linear.
 */
const ESCAPE_SEQUENCE =
  /(?:\u001B\[|\u009B)[0-?]*[ -/]*[@-~]?|(?:\u001B[\]PX^_]|[\u0090\u0098\u009D-\u009F])(?:[^\u0000-\u001F\u007F-\u009F]*(?:\u0007|\u001B\\|\u009C))?|\u001B[ -/]*[0-~]?/g

/** C0 but tab and newline, DEL, C1, bidirectional marks and overrides, line separators, invisible tags, BOM. */
const UNSAFE =
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu

/** Removes terminal escape sequences, control and bidirectional-override characters; keeps newlines and tabs. */
export function plainText(text: string): string {
  const bounded = text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…`
  return bounded
    .toWellFormed()
    .replaceAll('\r\n', '\n')
    .replaceAll(ESCAPE_SEQUENCE, '')
    .replaceAll(UNSAFE, '')
}

/** One safe line: as `plainText`, newlines as `⏎`, tabs as spaces, cut to `max` characters with an ellipsis. */
export function oneLine(text: string, max = 300): string {
  const line = plainText(text)
    .split('\n')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .join(' ⏎ ')
    .replaceAll('\t', ' ')
  return line.length <= max ? line : `${wellFormedHead(line, max - 1)}…`
}

/** The last `max` characters, marked when cut. */
export function tailText(text: string, max: number): string {
  if (text.length <= max) return text
  const start = text.length - max
  return `…${text.slice(isLowSurrogate(text, start) ? start + 1 : start)}`
}

/** Cuts at `length` without leaving half of a surrogate pair. */
function wellFormedHead(text: string, length: number): string {
  return text.slice(0, isLowSurrogate(text, length) ? length - 1 : length)
}

function isLowSurrogate(text: string, index: number): boolean {
  const code = text.charCodeAt(index)
  return code >= 0xdc00 && code <= 0xdfff
}
