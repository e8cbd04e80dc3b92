// A test that finds out while running that it cannot say anything about this machine.

/** Thrown by `skip(reason)`; the attempt ends as skipped, with the reason in every report. */
export class SkipError extends Error {
  override readonly name = 'SkipError'
  readonly reason: string
  constructor(reason: string) {
    super(`skipped: ${reason}`)
    this.reason = reason
  }
}

/** Ends the running test as skipped. The reason is required: nothing is skipped in silence. */
export function skip(reason: string): never {
  throw new SkipError(reason)
}
