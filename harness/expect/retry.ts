// Retried expectations: ask, compare, wait a little, ask again, until it holds or time is up. The error tells the last
// value seen and how it moved.

import { formatSeconds, sleep } from '../deadline.ts'
import { messageOf } from '../errors.ts'
import { oneLine, plainText } from '../hostile-text.ts'
import { ExpectError } from '../expect-error.ts'

/** One look at the machine. `seen` is shown to people. */
export interface Probe {
  readonly pass: boolean
  readonly seen: string
}

export interface MatcherOptions {
  /** How long to keep asking, milliseconds with KVM (scaled where guests are emulated); default 5000. */
  readonly timeoutMs?: number
}

/** A matcher: what is expected in words, and how to look. */
export interface RetriedMatcher {
  readonly expected: string
  readonly options: MatcherOptions
  readonly probe: () => Promise<Probe>
  /** False: what was seen are lines to be read as they are. Default true. */
  readonly seenIsShort?: boolean
  /** Once before the first look; what it throws is the result. */
  readonly before?: (negated: boolean) => Promise<void>
  /** Once after the last look, where none has passed: keeps evidence. */
  readonly after?: () => Promise<void>
}

export interface RetryOptions {
  readonly matcher: string
  /** What was expected, as it reads after "expected". */
  readonly expected: string
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  readonly probe: () => Promise<Probe>
  readonly seenIsShort?: boolean
}

const firstWaitsMs = [100, 250, 500, 1000]
const laterWaitMs = 2000

/** Resolves as soon as a probe passes; throws an ExpectError with the history of what was seen otherwise. */
export async function retryUntilPass(options: RetryOptions): Promise<void> {
  const { matcher, timeoutMs, signal, probe } = options
  const startedAt = performance.now()
  const history: { readonly atMs: number; readonly seen: string }[] = []
  for (let round = 0; ; round += 1) {
    signal?.throwIfAborted()
    const result = await look(probe)
    const atMs = performance.now() - startedAt
    if (result.pass) return
    if (history.at(-1)?.seen !== result.seen) history.push({ atMs, seen: result.seen })
    const wait = firstWaitsMs[round] ?? laterWaitMs
    if (atMs + wait > timeoutMs) {
      throw new ExpectError(matcher, describe(options, history, atMs))
    }
    await sleep(wait, signal)
  }
}

// A machine that reboots or drops its connection is asked again; that is the point of retrying.
async function look(probe: () => Promise<Probe>): Promise<Probe> {
  try {
    return await probe()
  } catch (error) {
    return { pass: false, seen: `could not look: ${messageOf(error)}` }
  }
}

function describe(
  { expected, seenIsShort = true }: RetryOptions,
  history: readonly { readonly atMs: number; readonly seen: string }[],
  totalMs: number,
): string {
  const last = history.at(-1)?.seen ?? 'nothing'
  const after = `last seen after ${formatSeconds(totalMs)}:`
  if (!seenIsShort) return `expected ${expected}\n${after}\n${plainText(last)}`
  const lines = [`expected ${expected}`, `${after} ${oneLine(last, 2000)}`]
  if (history.length > 1) {
    lines.push('it moved:')
    for (const { atMs, seen } of history.slice(-6))
      lines.push(`  ${formatSeconds(atMs)}: ${oneLine(seen, 200)}`)
  }
  return lines.join('\n')
}
