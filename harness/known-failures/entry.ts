// One entry of a known-failures file, read and checked; of our own form or of kola's denylist, whose words differ and whose
// dates mean something else.

import type { KnownFailureMode } from '../model.ts'

/** A date from which on an entry means something else. */
export interface Turn {
  /** As it was written. */
  readonly text: string
  /** Milliseconds since 1970, UTC; a day begins at its midnight. */
  readonly atMs: number
}

export interface KnownFailureEntry {
  /** `file:line`. */
  readonly source: string
  readonly pattern: string
  /** Whether the glob fits a name. */
  readonly matches: (name: string) => boolean
  readonly reason?: string
  readonly tracker?: string
  readonly platforms?: readonly string[]
  readonly architectures?: readonly string[]
  readonly channels?: readonly string[]
  readonly distros?: readonly string[]
  /** A valid semver range. */
  readonly versions?: string
  /** Until the turn, or always. */
  readonly mode: KnownFailureMode
  readonly turn?: Turn
  /** From the turn on; undefined: it has no effect any more. */
  readonly after?: KnownFailureMode
  /** Not about a test: the console is not judged, in any test (kola's special pattern). */
  readonly ignoresConsole?: boolean
}

export interface KnownFailureFile {
  /** As it was given. */
  readonly file: string
  readonly format: 'signalbox' | 'kola'
  readonly entries: readonly KnownFailureEntry[]
}
