// Columns that text takes on a terminal. Deliberately on the safe side: what may be two columns wide counts two, because
// a line of the live region that wraps would spoil it.

const COLOR = /\u001B\[[0-9;]*m/g
/** Marks, joiners and variation selectors (the selectors are of category Mn). */
const ZERO_WIDTH = /\p{Mn}|\p{Me}|\u200D/u

/** Columns of one line; colours count nothing. */
export function textWidth(text: string): number {
  let width = 0
  for (const character of text.replaceAll(COLOR, '')) width += characterWidth(character)
  return width
}

/** The line cut to at most `columns`, with an ellipsis when cut. The text must be free of colours. */
export function cutToWidth(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text
  let width = 1
  let kept = ''
  for (const character of text) {
    width += characterWidth(character)
    if (width > columns) break
    kept += character
  }
  return columns < 1 ? '' : `${kept.trimEnd()}…`
}

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x300) return 1
  if (ZERO_WIDTH.test(character)) return 0
  // General punctuation, arrows, box drawing, braille, our own signs; emoji of these blocks have two.
  const narrow = code < 0x1100 || (code >= 0x2010 && code <= 0x28ff)
  return narrow && !/\p{Emoji_Presentation}/u.test(character) ? 1 : 2
}
