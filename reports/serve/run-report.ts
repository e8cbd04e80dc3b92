// The report of a run as the dashboard shows it: the very page that is written beside a run, made from the events of its
// folder, else from its record in the history.

import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Decision } from '../gate/decision.ts'
import { type History, readRecord } from '../history/index.ts'
import { type GreenAttempt, htmlText } from '../html/index.ts'
import { readEventFile, EVENT_FILE } from '../read-events.ts'
import { mergeEvents } from '../merge.ts'
import { RECORD_FILE } from '../record/index.ts'
import type { Summary } from '../run-summary.ts'
import { summarize, summarizeRuns } from '../summarize.ts'
import { recordEvents } from './record-events.ts'

/** The address of the overview. */
const HOME = '/'

/** Pages that are kept: making one of a large run takes seconds. */
const KEPT = 4

/** The earlier green attempts to compare with. */
export type FindBaselines = (folder: string, summary: Summary) => Promise<readonly GreenAttempt[]>

export interface RunReports {
  /** Of a run folder. */
  ofFolder(folder: string, decisions: readonly Decision[]): Promise<string>
  /** Of a run in the history; undefined when it has none of that name. */
  ofHistory(history: History, run: string): Promise<string | undefined>
}

/** Makes reports, and keeps the last few for as long as their events stay the same. */
export function startRunReports(findBaselines: FindBaselines): RunReports {
  const kept = new Map<string, Promise<string>>()
  const once = async (key: string, make: () => Promise<string>): Promise<string> => {
    const known = kept.get(key)
    kept.delete(key)
    const text = known ?? make()
    kept.set(key, text)
    if (kept.size > KEPT) kept.delete(kept.keys().next().value ?? key)
    text.catch(() => kept.delete(key))
    return await text
  }
  return {
    async ofFolder(folder, decisions) {
      const path = join(folder, EVENT_FILE)
      const { mtimeMs, size } = await stat(path)
      const decision = await decisionOn(folder, decisions)
      const key = JSON.stringify([path, mtimeMs, size, decision?.decidedAt, decision?.channel])
      return await once(key, async () => {
        const read = await readEventFile(path)
        const { events, notices } = mergeEvents([read.events])
        const summary = summarize(events, { notices: [...read.notices, ...notices] })
        const baselines = await findBaselines(folder, summary)
        return await htmlText({
          summary,
          events,
          folder,
          baselines,
          home: HOME,
          ...(decision === undefined ? {} : { decision }),
        })
      })
    },
    async ofHistory(history, run) {
      const record = await readRecord(history, run)
      if (record === undefined) return undefined
      const summary = summarizeRuns([record], {
        notices: [
          {
            level: 'info',
            code: 'record-only',
            message:
              'Only the record of this run is here, not its events: steps, commands and logs are not shown, and phases stand one after the other.',
          },
        ],
      })
      return await htmlText({ summary, events: recordEvents(record), folder: undefined, home: HOME })
    },
  }
}

/** The latest decision that this very record was an input of. */
async function decisionOn(folder: string, decisions: readonly Decision[]): Promise<Decision | undefined> {
  if (decisions.length === 0) return undefined
  const bytes = await readFile(join(folder, RECORD_FILE)).catch(() => undefined)
  if (bytes === undefined) return undefined
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return decisions
    .filter(({ inputs }) => inputs.some((input) => input.kind === 'run' && input.sha256 === sha256))
    .toSorted((a, b) => Date.parse(a.decidedAt) - Date.parse(b.decidedAt))
    .at(-1)
}
