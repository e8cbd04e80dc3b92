// Text from a guest is hostile: it may carry terminal escapes, HTML, NULs, or be endless. One place makes it safe to
// show on a terminal or to put in a line-based report; HTML and XML writers escape on top of this.

const ESCAPE_SEQUENCE =
  /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[PX^_][^\u001B]*(?:\u001B\\)?|[ -/]*[0-~])/g
const CONTROL = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/g

/** Removes terminal escape sequences, control and bidirectional-override characters; keeps newlines and tabs. */
export function plainText(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll(ESCAPE_SEQUENCE, '').replaceAll(CONTROL, '')
}

/** One safe line: as `plainText`, newlines as `⏎`, cut to `max` characters with an ellipsis. */
export function oneLine(text: string, max = 300): string {
  const line = plainText(text).trim().replaceAll('\n', ' ⏎ ')
  return line.length <= max ? line : `${line.slice(0, max - 1)}…`
}

/** The last `max` characters, marked when cut. */
export function tailText(text: string, max: number): string {
  return text.length <= max ? text : `…${text.slice(-max)}`
}
