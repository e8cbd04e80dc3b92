// From how an external test ended to what that means. Pure.

import { constants } from 'node:os'
import { oneLine } from '../hostile-text.ts'
import type { TapVerdict } from './tap.ts'

/** The exit status by which a test says that it cannot say anything: automake's, autopkgtest's and kola's. */
export const SKIPPED_STATUS = 77

export type ExternalVerdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint?: string }

export interface ExternalEnd {
  readonly status: number
  readonly tap: TapVerdict
  /** The last lines of the output. */
  readonly lastLines: readonly string[]
}

/** Judges a test that came to its end by itself. A status says more than TAP only when it is not 0. */
export function judgeEnd({ status, tap, lastLines }: ExternalEnd): ExternalVerdict {
  const last = lastLines.map((line) => oneLine(line)).findLast((line) => line !== '')
  if (status === SKIPPED_STATUS) return { kind: 'skipped', reason: last ?? 'exit status 77 and no output' }
  if (status !== 0) {
    const said = tap.kind === 'failed' ? tap.message : last
    return {
      kind: 'failed',
      code: status > 128 ? 'external-signal' : 'external-status',
      message: `the test ${wayOfEnding(status)}${said === undefined ? '; it said nothing' : `: ${said}`}`,
      ...hintFor(status),
    }
  }
  switch (tap.kind) {
    case 'failed':
      return { kind: 'failed', code: 'external-tap', message: tap.message }
    case 'skipped':
      return { kind: 'skipped', reason: tap.reason }
    case 'passed':
    case 'none':
      return { kind: 'passed' }
    default:
      return tap satisfies never
  }
}

/** A shell gives 128 + n for a program that signal n ended. */
function wayOfEnding(status: number): string {
  const signal = Object.entries(constants.signals).find(([, number]) => number === status - 128)?.[0]
  if (signal !== undefined) return `was ended by ${signal} (exit status ${status})`
  return `ended with exit status ${status}`
}

function hintFor(status: number): { readonly hint?: string } {
  if (status === 127) return { hint: 'the program that its first line names is not in the image' }
  if (status === 126) return { hint: 'the image does not run it: is it for another architecture?' }
  return {}
}
