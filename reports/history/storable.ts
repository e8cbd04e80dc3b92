// Text as both databases take it: PostgreSQL refuses NUL, and neither has half a surrogate pair.

/** The same text for all but hostile ones. */
export function storable(text: string): string {
  return text.replaceAll('\0', '').toWellFormed()
}
