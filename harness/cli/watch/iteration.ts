// One run under --watch, a process of its own, so that every file is loaded anew: what its parent tells it, and what it
// tells its parent over the IPC channel.

import type { Verdict } from '../../model.ts'

/** Which of the selected tests to run; both: those that both name. */
export interface Wish {
  /** Those that these files reach; absolute paths. */
  readonly changed?: readonly string[]
  /** Those of these names. */
  readonly only?: readonly string[]
}

export type Told =
  /** What was loaded, and where more tests may appear; `whole` is false when loading stopped at an error. */
  | {
      readonly kind: 'loaded'
      readonly whole: boolean
      readonly files: readonly string[]
      readonly folders: readonly string[]
    }
  | { readonly kind: 'judged'; readonly verdicts: readonly (readonly [string, Verdict])[] }

/** The run's side. */
export interface Iteration {
  readonly wish: Wish
  tell(told: Told): Promise<void>
  /** Calls when nobody waits for this run any more: the parent wants an end, or is dead. */
  onAlone(then: () => void): void
}

/** Where a child finds its wish. */
export const WISH_VARIABLE = 'SIGNALBOX_WATCH_WISH'

/** The iteration that this process is, or undefined. */
export function iterationOf(from: NodeJS.Process = process): Iteration | undefined {
  const text = from.env[WISH_VARIABLE]
  if (text === undefined || from.send === undefined) return undefined
  return {
    wish: JSON.parse(text) as Wish,
    async tell(told) {
      const { promise, resolve } = Promise.withResolvers<void>()
      // Who is gone need not be told.
      if (!from.connected || from.send === undefined) return
      from.send(told, () => resolve())
      await promise
    },
    onAlone(then) {
      if (from.connected) from.once('disconnect', then)
      else then()
    },
  }
}
