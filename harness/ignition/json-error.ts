// Finds where a JSON text is broken. V8 tells the offset only in some of its messages, but every prefix up to the
// first wrong character fails for want of more text, so that a binary search finds it with V8's own parser.

/** The offset of the first wrong character; the text's length when it just ends too soon. */
export function locateJsonError(text: string): number {
  let good = 0
  let bad = text.length + 1
  // Invariant: the prefix of length `good` could still become JSON; that of length `bad` cannot.
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2)
    if (couldContinue(text.slice(0, middle))) good = middle
    else bad = middle
  }
  return good
}

function couldContinue(prefix: string): boolean {
  try {
    JSON.parse(prefix)
    return true
  } catch (error) {
    const message = error instanceof Error ? error.message : ''
    if (/^Unexpected end of JSON|^Unterminated string/.test(message)) return true
    const position = /at position (\d+)/.exec(message)?.[1]
    return position !== undefined && Number(position) >= prefix.length
  }
}
