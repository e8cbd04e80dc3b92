// The terminal list: live on a terminal (finished lines scroll away above a region of what runs), plain lines anywhere
// else with a heartbeat when it is silent for long. It reads events, and writes to one stream.

import type { EventOf, SignalboxEvent } from '../harness/events.ts'
import type { Verdict } from '../harness/model.ts'
import { noVerdicts } from '../harness/verdict.ts'
import { bootLine, noticeLine, planLine, repetitionLine, retryLine, verdictBlock } from './list-lines.ts'
import { summaryLines } from './list-summary.ts'
import { type LiveRegion, openLiveRegion } from './live-region.ts'
import { heartbeatLine, regionLines } from './region-lines.ts'
import { abortLines } from './run-end.ts'
import { createRunning } from './running.ts'
import { createSummarizer, type SummaryOptions } from './summarize.ts'
import { type Environment, lookOf, type ReportStream, sizeOf, terminalOf } from './terminal.ts'

export interface Reporter {
  onEvent(event: SignalboxEvent): void
  /** Writes what comes last and gives the terminal back. Idempotent. */
  end(options?: SummaryOptions): void
}

/** The list on a terminal that others want to write to as well. */
export interface ListReporter extends Reporter {
  /** Puts lines above what is redrawn. */
  print(lines: readonly string[]): void
  /** Writes nothing from now on; what it has to say is kept for `resume`. */
  pause(): void
  resume(): void
}

export interface ListReporterOptions {
  readonly stream: ReportStream
  readonly env: Environment
  /** Milliseconds of a monotonic clock. Default: `performance.now`. */
  readonly now?: () => number
  /** Calls `tick` every so many milliseconds until the returned function is called. Default: an unreferenced timer. */
  readonly every?: (intervalMs: number, tick: () => void) => () => void
}

const REDRAW_MS = 100
const HEARTBEAT_CHECK_MS = 5000

/** A log that is silent for longer than this gets a line. */
export const HEARTBEAT_MS = 30_000

/** Starts the terminal list. */
export function createListReporter(options: ListReporterOptions): ListReporter {
  const { stream, env, now = () => performance.now(), every = everyUnreferenced } = options
  const terminal = terminalOf(stream, env)
  const look = () => lookOf(terminal, terminal.live ? sizeOf(stream).columns - 1 : Infinity)
  const encode = look().encode
  const startedAt = now()
  const summarizer = createSummarizer()
  const running = createRunning(now)
  const verdicts: Record<Verdict, number> = { ...noVerdicts }
  const judged = new Map<string, Verdict>()
  const targets = new Map<string, string>()
  const boots = new Map<string, EventOf<'machine.created'>>()
  const repeated = new Set<string>()
  const underWay = new Set<string>()
  const told = new Set<string>()
  let planned = 0
  let heads = 0
  /** The last line that was printed. */
  let above: string | undefined
  let lastWriteAt = startedAt
  let ended = false
  let broken = false

  const output: ReportStream = {
    get columns() {
      return stream.columns
    },
    write(text) {
      if (!broken) stream.write(encode(text))
      lastWriteAt = now()
    },
  }
  // A closed pipe (`signalbox run | head`) must not end the run.
  const onError = (): void => {
    broken = true
  }
  stream.on?.('error', onError)
  const region: LiveRegion | undefined = terminal.live ? openLiveRegion(output) : undefined

  const regionNow = (): readonly string[] => {
    const at = now()
    return regionLines(
      running,
      { planned, verdicts, elapsedMs: at - startedAt, now: at },
      sizeOf(stream),
      look(),
    )
  }
  let backlog: string[] | undefined
  const print = (lines: readonly string[]): void => {
    above = lines.at(-1) ?? above
    if (backlog !== undefined) backlog.push(...lines)
    else if (region !== undefined) region.draw(lines, regionNow())
    else if (lines.length > 0) output.write(lines.map((line) => `${line}\n`).join(''))
  }
  const tick = (): void => {
    if (backlog !== undefined) return
    if (region !== undefined) print([])
    else if (now() - lastWriteAt >= HEARTBEAT_MS)
      print([heartbeatLine(running, now(), now() - startedAt, look())])
  }
  const stopTicking = every(region === undefined ? HEARTBEAT_CHECK_MS : REDRAW_MS, tick)
  const onResize = (): void => print([])
  if (region !== undefined) stream.on?.('resize', onResize)

  const judge = (run: string, test: string, verdict: Verdict): void => {
    const before = judged.get(`${run} ${test}`)
    if (before !== undefined) verdicts[before]--
    judged.set(`${run} ${test}`, verdict)
    verdicts[verdict]++
  }
  /** What is said before its plan is about the host: once for all targets. */
  const noticeOf = (event: EventOf<'run.notice'>): readonly string[] => {
    if (underWay.has(event.run)) return [noticeLine(event, look(), targets.get(event.run))]
    if (told.has(event.message)) return []
    told.add(event.message)
    return [noticeLine(event, look())]
  }
  const linesOf = (event: SignalboxEvent): readonly string[] => {
    const cell = targets.get(event.run)
    switch (event.type) {
      case 'run.planned':
        planned += event.tests.length
        underWay.add(event.run)
        if (event.repeat !== undefined) repeated.add(event.run)
        // A test that is planned to be skipped is done, whether or not an event follows.
        for (const { test, expectation } of event.tests)
          if (expectation.kind === 'skip') judge(event.run, test, 'skipped')
        heads += 1
        return [
          ...(heads === 1 || above === '' ? [] : ['']),
          planLine({ ...event, count: event.tests.length }, look()),
          '',
        ]
      case 'run.notice':
        return noticeOf(event)
      case 'run.interrupted': {
        const message = `interrupted by ${event.signal}: stopping, cleaning up, writing the reports`
        return [noticeLine({ level: 'warning', code: 'interrupted', message }, look())]
      }
      case 'run.aborted':
        return abortLines(event, cell, look())
      case 'log':
        if (event.level !== 'warning') return []
        return [noticeLine({ level: 'warning', code: 'log', message: withTest(event) }, look(), cell)]
      case 'machine.created':
        boots.set(event.machine, event)
        return []
      case 'machine.milestone': {
        const machine = boots.get(event.machine)
        if (machine === undefined) return []
        const group = summarizer.test(event.run, machine.attempts[0]?.test ?? '')?.group
        const line = bootLine(machine, event, group, look(), cell)
        return line === undefined ? [] : [line]
      }
      case 'machine.destroyed':
        boots.delete(event.machine)
        return []
      case 'attempt.finished':
        if (event.willRetry) return [retryLine(event, look(), cell)]
        return repeated.has(event.run) && event.outcome !== 'passed' && event.outcome !== 'skipped'
          ? [repetitionLine(event, look(), cell)]
          : []
      case 'test.finished': {
        const test = summarizer.test(event.run, event.test)
        judge(event.run, event.test, event.verdict)
        return test === undefined ? [] : verdictBlock(test, look(), cell)
      }
      case 'run.started':
        if (event.cell !== undefined) targets.set(event.run, event.cell)
        return []
      case 'run.finished':
      case 'attempt.started':
      case 'phase.started':
      case 'phase.finished':
      case 'machine.identified':
      case 'machine.exited':
      case 'command.finished':
      case 'step.started':
      case 'step.finished':
      case 'attachment':
      case 'metric':
      case 'subtest.finished':
      case 'update.request':
        return []
      default:
        return event satisfies never
    }
  }

  const resume = (): void => {
    const lines = backlog ?? []
    backlog = undefined
    print(lines)
  }
  return {
    print: (lines) => {
      if (!ended) print(lines)
    },
    pause() {
      if (ended || backlog !== undefined) return
      backlog = []
      region?.leave()
    },
    resume() {
      if (backlog !== undefined) resume()
    },
    onEvent(event) {
      if (ended) return
      summarizer.add(event)
      running.add(event)
      const lines = linesOf(event)
      if (lines.length > 0) print(lines)
    },
    end(summaryOptions = {}) {
      if (ended) return
      if (backlog !== undefined) resume()
      ended = true
      stopTicking()
      stream.off?.('resize', onResize)
      region?.close()
      const lines = summaryLines(summarizer.summary(summaryOptions), look())
      output.write(lines.map((line) => `${line}\n`).join(''))
    },
  }
}

function withTest(event: { readonly attempt?: { readonly test: string }; readonly message: string }): string {
  return event.attempt === undefined ? event.message : `${event.attempt.test}: ${event.message}`
}

function everyUnreferenced(intervalMs: number, tick: () => void): () => void {
  const timer = setInterval(tick, intervalMs).unref()
  return () => clearInterval(timer)
}
