// The dashboard as a handler of requests: judges who may come in, makes the page that is wanted, and says what went wrong as a
// page too. It changes nothing, and writes no log: addresses may hold a token.

import type { KeyObject } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { messageOf, InfraError, UsageError } from '../../harness/errors.ts'
import { explainHistoryError, type History, knownRuns } from '../history/index.ts'
import { EVENT_FILE } from '../read-events.ts'
import { shownLine } from '../html/shown-text.ts'
import { reportCode } from '../html/page-text.ts'
import { type Answer, write } from './answer.ts'
import { boardPage } from './board-data.ts'
import { boardStream, liveRuns } from './board-stream.ts'
import { comparePage } from './compare-data.ts'
import type { RunProgress } from './data.ts'
import { decisionReader } from './decisions.ts'
import { admit, type Door } from './door.ts'
import { liveStream } from './live-stream.ts'
import { pageAnswer, problem } from './page-answer.ts'
import { type Wanted, wantedOf } from './route.ts'
import { runFile } from './run-file.ts'
import { openRunFolders } from './run-folders.ts'
import { type FindBaselines, startRunReports } from './run-report.ts'
import { resumeFrom } from './sse.ts'
import { testsPage, trendPage } from './test-data.ts'

export interface DashboardOptions {
  readonly history: History
  /** The folder of run folders. */
  readonly results: string
  /** The folder of decisions. */
  readonly decisions: string
  /** Only decisions count that it signed. */
  readonly key: KeyObject | undefined
  readonly door: Door
  readonly findBaselines: FindBaselines
}

export interface Dashboard extends AsyncDisposable {
  /** Answers a request; never throws. */
  handle(request: IncomingMessage, response: ServerResponse): void
}

/** Streams at the same time. */
const MOST_STREAMS = 100

/** Starts it; disposing ends its streams, and waits for what is being answered. */
export function createDashboard(options: DashboardOptions): Dashboard {
  const { history, door, results } = options
  const ended = new AbortController()
  const folders = openRunFolders(results)
  const reports = startRunReports(options.findBaselines)
  const readDecisions = decisionReader(options.decisions, options.key)
  const open = new Set<Promise<void>>()
  let streams = 0

  const live = async (): Promise<readonly RunProgress[]> =>
    await liveRuns(folders, async (runs) => await knownRuns(history, runs))

  const streamOf = (messages: (signal: AbortSignal) => AsyncIterable<string>): Answer | undefined =>
    streams >= MOST_STREAMS
      ? undefined
      : {
          kind: 'events',
          async *messages(signal) {
            streams += 1
            try {
              yield* messages(signal)
            } finally {
              streams -= 1
            }
          },
        }

  const answerRun = async (run: string): Promise<Answer | undefined> => {
    const folder = await folders.folderOf(run)
    const found = folder === undefined ? undefined : await folders.look(folder)
    if (folder !== undefined && found?.progress.state === 'live')
      return await pageAnswer(
        {
          page: 'live',
          title: shownLine(`Live: ${found.progress.images.join(', ')}`, 200),
          run: shownLine(folder, 200),
        },
        200,
      )
    const text =
      found === undefined
        ? await reports.ofHistory(history, run)
        : await reports.ofFolder(join(results, found.folder), (await readDecisions()).decisions)
    return text === undefined
      ? undefined
      : { kind: 'page', status: 200, text, policy: (await reportCode()).policy }
  }

  const answer = async (wanted: Wanted, request: IncomingMessage): Promise<Answer | undefined> => {
    switch (wanted.kind) {
      case 'board': {
        const { decisions, warnings } = await readDecisions()
        const page = await boardPage({
          history,
          results,
          decisions,
          areSigned: options.key !== undefined,
          notes: warnings,
          live: await live(),
        })
        return await pageAnswer(page, 200)
      }
      case 'board-events':
        return streamOf((signal) => boardStream(live, signal))
      case 'tests':
        return await pageAnswer(await testsPage(history, wanted.days, Date.now()), 200)
      case 'trend':
        return await pageAnswer(await trendPage(history, wanted, Date.now()), 200)
      case 'compare':
        return await pageAnswer(await comparePage(history, wanted), 200)
      case 'run':
        return await answerRun(wanted.run)
      case 'run-events': {
        const folder = await folders.folderOf(wanted.run)
        if (folder === undefined) return undefined
        const from = resumeFrom(request.headers['last-event-id'])
        return streamOf((signal) => liveStream(join(results, folder, EVENT_FILE), from, signal))
      }
      case 'file': {
        const folder = await folders.folderOf(wanted.run)
        const file = folder === undefined ? undefined : await runFile(join(results, folder), wanted.path)
        return file === undefined ? undefined : { kind: 'file', ...file }
      }
      case 'moved':
        return { kind: 'redirect', location: wanted.location }
      default:
        return wanted satisfies never
    }
  }

  const answerTo = async (request: IncomingMessage): Promise<Answer> => {
    const target = request.url ?? '/'
    const admission = admit(door, { method: request.method ?? '', target, headers: request.headers })
    switch (admission.kind) {
      case 'enter':
        return { kind: 'redirect', location: admission.location, cookie: admission.cookie }
      case 'refused':
        return await problem(admission.status, 'Not for you', admission.why, admission.hint)
      case 'welcome':
        break
      default:
        admission satisfies never
    }
    const wanted = wantedOf(target)
    try {
      const found = wanted === undefined ? undefined : await answer(wanted, request)
      return (
        found ??
        (await problem(
          404,
          'Nothing is here',
          'there is no such run, test or file',
          hintFor(wanted, results),
        ))
      )
    } catch (error) {
      return await problemOf(explainHistoryError(history, error))
    }
  }

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      await write(await answerTo(request), request, response, ended.signal)
    } catch {
      // Who asked is gone, or the file is.
      response.destroy()
    }
  }
  return {
    handle(request, response) {
      const done = respond(request, response).finally(() => open.delete(done))
      open.add(done)
    },
    async [Symbol.asyncDispose]() {
      ended.abort()
      await Promise.all(open)
    },
  }
}

function hintFor(wanted: Wanted | undefined, results: string): string {
  const isRun = wanted?.kind === 'run' || wanted?.kind === 'run-events'
  return isRun
    ? `runs are looked for in ${results} and in the history: signalbox history import FOLDER brings one there`
    : 'the dashboard leads to all that there is'
}

async function problemOf(error: unknown): Promise<Answer> {
  const isKnown = error instanceof UsageError || error instanceof InfraError
  return await problem(
    error instanceof InfraError ? 503 : 500,
    'This cannot be shown',
    messageOf(error),
    isKnown ? error.hint : undefined,
  )
}
