// How a run ended that did not finish, in words.

import type { EventOf } from '../harness/events.ts'
import { oneLine } from '../harness/hostile-text.ts'
import { noticeLine } from './list-lines.ts'
import type { RunAbort, RunSummary } from './run-summary.ts'
import type { Look } from './terminal.ts'

const EVIDENCE_LINES = 20

/** To be put after "the run": `was interrupted by SIGINT`; one safe line, empty for a finished run. */
export function endText(run: Pick<RunSummary, 'state' | 'interruptedBy' | 'abortedBy'>): string {
  switch (run.state) {
    case 'interrupted':
      return `was interrupted by ${oneLine(run.interruptedBy ?? 'a signal', 40)}`
    case 'aborted':
      return run.abortedBy === undefined ? 'was aborted' : abortText(run.abortedBy)
    case 'incomplete':
      return 'has no end: it was killed, or is still running'
    case 'finished':
      return ''
    default:
      return run.state satisfies never
  }
}

function abortText({ kind, message }: RunAbort): string {
  return `${kind === 'usage' ? 'cannot be had' : 'was aborted'}: ${oneLine(message, 400)}`
}

/** The last lines of what failed, each safe. */
export function evidenceLinesOf({ evidence = [] }: Pick<RunAbort, 'evidence'>): readonly string[] {
  return evidence.slice(-EVIDENCE_LINES).map((line) => oneLine(line, 300))
}

/** Said as it happens. `target` is undefined where there is only one. */
export function abortLines(
  event: EventOf<'run.aborted'>,
  target: string | undefined,
  look: Look,
): readonly string[] {
  const message = `${target === undefined ? '' : `${target}: `}${event.message}`
  const hint = event.hint === undefined ? [] : [look.colors.dim(`    hint: ${oneLine(event.hint, 400)}`)]
  const evidence = evidenceLinesOf(event).map((line) => `    ${look.colors.dim(look.symbols.bar)} ${line}`)
  return [noticeLine({ level: 'warning', code: event.code, message }, look), ...hint, ...evidence]
}
