// The terminal that a command was started on, as something that one person's session has at a time. Who prints there
// otherwise is told to get out of the way.

import { UsageError } from '../errors.ts'
import { Slots } from '../ssh/index.ts'

/** Where a person sits, or why there is none. */
export type Terminal =
  | {
      readonly kind: 'terminal'
      /** Waits until nobody else has it; dispose what it returns to give it back. */
      readonly take: (signal: AbortSignal) => Promise<Disposable>
    }
  | { readonly kind: 'none'; readonly why: string }

export interface TerminalFacts {
  readonly stdin: { readonly isTTY?: boolean | undefined }
  readonly stdout: { readonly isTTY?: boolean | undefined }
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Why nobody can be asked to type here, or undefined. */
export function whyNoTerminal({ stdin, stdout, env }: TerminalFacts): string | undefined {
  if (env['CI'] !== undefined && env['CI'] !== '' && env['CI'] !== 'false' && env['CI'] !== '0')
    return 'CI is set'
  if (stdin.isTTY !== true) return 'standard input is no terminal'
  if (stdout.isTTY !== true) return 'standard output is no terminal'
  return undefined
}

/** The terminal of this process. `onTake` silences everybody else, and returns what lets them go on. */
export function openTerminal(facts: TerminalFacts, onTake: () => () => void): Terminal {
  const why = whyNoTerminal(facts)
  if (why !== undefined) return { kind: 'none', why }
  const slots = new Slots(1)
  return {
    kind: 'terminal',
    async take(signal) {
      const slot = await slots.take(signal)
      const giveBack = onTake()
      return {
        [Symbol.dispose]() {
          giveBack()
          slot[Symbol.dispose]()
        },
      }
    },
  }
}

/** Throws UsageError (`no-terminal`) when nobody sits there. */
export function requireTerminal(what: string, terminal: Terminal): Extract<Terminal, { kind: 'terminal' }> {
  if (terminal.kind === 'terminal') return terminal
  throw new UsageError(`${what} needs a terminal: ${terminal.why}`, {
    code: 'no-terminal',
    hint: 'where nobody sits, keep failed machines with --keep or save them with --save-failed',
  })
}
