// The overview: channels, runs that go on, the latest runs of the history.

import type { Decision } from '../gate/decision.ts'
import { findRuns, type History, type PastRun } from '../history/index.ts'
import { shownLine } from '../html/shown-text.ts'
import { channelStates } from './channels.ts'
import type { BoardPage, RunProgress, RunRow } from './data.ts'
import { runHref } from './hrefs.ts'
import { timeOf } from './shown-figures.ts'

/** Runs that are listed, and runs that are looked at for the newest image of each channel. */
const LISTED = 30
const LOOKED_AT = 200

export interface BoardInput {
  readonly history: History
  readonly decisions: readonly Decision[]
  readonly areSigned: boolean
  readonly notes: readonly string[]
  readonly live: readonly RunProgress[]
  readonly results: string
}

/** The page. */
export async function boardPage(input: BoardInput): Promise<BoardPage> {
  const { history, decisions, areSigned, live, results } = input
  const runs = await findRuns(history, { limit: LOOKED_AT })
  return {
    page: 'board',
    title: 'Dashboard',
    channels: channelStates(decisions, runs),
    areSigned,
    live,
    runs: runs.slice(0, LISTED).map(runRow),
    notes: input.notes.map((note) => shownLine(note)),
    ...(decisions.length > 0
      ? {}
      : { noDecisions: 'signalbox gate decide --channel beta --image VERSION --runs FOLDER --policy FILE' }),
    ...(runs.length > 0 ? {} : { noRuns: `signalbox history import ${shownLine(results, 200)}` }),
  }
}

function runRow({ run, atMs, durationMs, target, channel, image, state, verdicts }: PastRun): RunRow {
  return {
    run: shownLine(run, 200),
    href: runHref(run),
    at: timeOf(atMs),
    durationMs,
    target: shownLine(target, 200),
    image: image === undefined ? '' : shownLine(`${image.version} (${channel})`, 120),
    state,
    verdicts,
  }
}
