// The error kinds of the project. Each says what happened, what was expected and what to do (`hint`), and has a
// stable code. Nothing here knows a platform or a report.

export interface ErrorDetails {
  /** Stable, machine-readable, kebab-case: `ssh-timeout`, `unknown-flag`. */
  readonly code: string
  /** What the reader can do about it, one or two sentences or a command. */
  readonly hint?: string
  /** What a person wants to see first: last console lines, a unit's journal. May come from a guest. */
  readonly evidence?: readonly string[]
  readonly cause?: unknown
}

/** The platform or the host failed, not the image: retried by its own budget, never blamed on the image. */
export class InfraError extends Error {
  override readonly name = 'InfraError'
  readonly code: string
  readonly hint: string | undefined
  readonly evidence: readonly string[] | undefined
  constructor(message: string, details: ErrorDetails) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = details.code
    this.hint = details.hint
    this.evidence = details.evidence
  }
}

/** The image misbehaved: no SSH, a panic, a failed unit, an Ignition failure. A product failure. */
export class MachineError extends Error {
  override readonly name = 'MachineError'
  readonly code: string
  readonly hint: string | undefined
  readonly evidence: readonly string[] | undefined
  constructor(message: string, details: ErrorDetails) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = details.code
    this.hint = details.hint
    this.evidence = details.evidence
  }
}

/** The caller asked for something impossible or misspelt. Exit code 2, shown without a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly code: string
  readonly hint: string | undefined
  constructor(message: string, details: ErrorDetails) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = details.code
    this.hint = details.hint
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The stable code of a project error or of a Node system error (`ENOSPC`); `undefined` for anything else. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return undefined
}
