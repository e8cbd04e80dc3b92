// A failed expectation: what was expected, what was seen, and for retried ones how it moved.

/** Thrown by a failed `expect`. `matcher` is the method's name: `toHaveFile`. */
export class ExpectError extends Error {
  override readonly name = 'ExpectError'
  readonly code: string
  readonly matcher: string
  constructor(matcher: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.matcher = matcher
    this.code = `expect.${matcher}`
  }
}
