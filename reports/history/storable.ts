// Text as both databases take it: PostgreSQL refuses NUL, and neither has half a surrogate pair.

/** The same text for all but hostile ones. */
export function storable(text: string): string {
  return text.replaceAll('\0', '').toWellFormed()
}

/** A row with every text in it storable. */
export function storableRow<T extends object>(row: T): T {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'string' ? storable(value) : (value as unknown),
    ]),
  ) as T
}
