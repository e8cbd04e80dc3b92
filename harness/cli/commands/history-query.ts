// `signalbox history query ...`: each prints lines for people, or JSON.

import {
  compareImages,
  findRuns,
  type History,
  fingerprintHistory,
  flakeRank,
  lastAttempts,
  metricHistory,
  passRate,
  type PastAttempt,
  type PastRun,
  type Scope,
  trend,
  type ComparedCell,
} from '../../../reports/history/index.ts'
import { passRateText } from '../../../reports/index.ts'
import { formatSeconds } from '../../deadline.ts'
import { UsageError } from '../../errors.ts'
import { oneLine } from '../../hostile-text.ts'
import { colors } from '../colors.ts'
import { withHistory } from '../with-history.ts'

type Flags = Readonly<Record<string, unknown>>
type Words = readonly unknown[]

/** Runs one query; `lines` makes what people read of its result. */
async function answer<T>(
  flags: Flags,
  ask: (history: History) => Promise<T>,
  lines: (result: T) => readonly string[],
): Promise<number> {
  const result = await withHistory(flags, ask)
  // Nothing found is an answer, too: null.
  const text = flags['json'] === true ? [JSON.stringify(result ?? null, undefined, 2)] : lines(result)
  process.stdout.write(text.map((line) => `${line}\n`).join(''))
  return 0
}

function scopeOf(flags: Flags, [test]: Words): Scope {
  const { target, channel, since, until } = flags as {
    target?: string
    channel?: string
    since?: number
    until?: number
  }
  return { test: String(test), target, channel, sinceMs: since, untilMs: until }
}

const limitOf = (flags: Flags): number => Number(flags['limit'])
const timeOf = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
const nothing = (what: string): readonly string[] => [colors.dim(`the history has no ${what}`)]

/** The action of `history query pass-rate <test>`. */
export async function queryPassRate(flags: Flags, words: Words): Promise<number> {
  return await answer(
    flags,
    async (history) => await passRate(history, scopeOf(flags, words)),
    (rate) => (rate === undefined ? nothing('such attempts that judged an image') : [passRateText(rate)]),
  )
}

/** The action of `history query attempts <test>`. */
export async function queryAttempts(flags: Flags, words: Words): Promise<number> {
  return await answer(
    flags,
    async (history) => await lastAttempts(history, scopeOf(flags, words), limitOf(flags)),
    (found) => (found.length === 0 ? nothing('such attempts') : found.map(attemptLine)),
  )
}

function attemptLine(attempt: PastAttempt): string {
  const { atMs, outcome, target, n, durationMs, run, image, fingerprint, message } = attempt
  const paint = outcome === 'passed' ? colors.green : outcome === 'failed' ? colors.red : colors.yellow
  const failure =
    fingerprint === undefined ? '' : `  ${fingerprint} ${colors.dim(oneLine(message ?? '', 80))}`
  return `${timeOf(atMs)}  ${paint(outcome.padEnd(10))}  ${oneLine(target, 40)}  ${oneLine(image?.version ?? '-', 30)}  ${formatSeconds(durationMs)}  ${oneLine(run, 60)} #${n}${failure}`
}

/** The action of `history query trend <test>`. */
export async function queryTrend(flags: Flags, words: Words): Promise<number> {
  return await answer(
    flags,
    async (history) => await trend(history, scopeOf(flags, words)),
    (days) =>
      days.length === 0
        ? nothing('such attempts')
        : days.map(({ day, rate, durationMs, flaky, failed, infra }) => {
            const counts = (
              [
                ['flaky', flaky],
                ['failed', failed],
                ['infra', infra],
              ] as const
            )
              .filter(([, count]) => count > 0)
              .map(([what, count]) => `, ${count} ${what}`)
            const duration = durationMs === undefined ? '' : `, ${formatSeconds(durationMs)}`
            return `${day}  ${rate === undefined ? 'nothing judged' : passRateText(rate)}${duration}${counts.join('')}`
          }),
  )
}

/** The action of `history query metrics <test>`. */
export async function queryMetrics(flags: Flags, words: Words): Promise<number> {
  const { metric } = flags as { metric?: string }
  return await answer(
    flags,
    async (history) => await metricHistory(history, { ...scopeOf(flags, words), metric }, limitOf(flags)),
    (found) =>
      found.length === 0
        ? nothing('such metrics')
        : found.map(
            ({ atMs, name, value, unit, target, version, run }) =>
              `${timeOf(atMs)}  ${oneLine(name, 60)}  ${Number(value.toFixed(3))} ${oneLine(unit, 20)}  ${oneLine(target, 40)}  ${oneLine(version ?? '-', 30)}  ${oneLine(run, 60)}`,
          ),
  )
}

/** The action of `history query first-seen <fingerprint>`. */
export async function queryFirstSeen(flags: Flags, words: Words): Promise<number> {
  const fingerprint = String(words[0])
  if (!/^f\d+-[0-9a-f]{16}$/.test(fingerprint))
    throw new UsageError(`"${fingerprint}" is no fingerprint`, {
      code: 'no-fingerprint',
      hint: 'it is like f1-0123456789abcdef; reports and "history query attempts" show them',
    })
  return await answer(
    flags,
    async (history) => await fingerprintHistory(history, fingerprint),
    (found) =>
      found === undefined
        ? nothing('such failure')
        : [
            oneLine(found.message),
            `${found.phase}, ${oneLine(found.code, 100)}; seen ${found.count} times`,
            ...(
              [
                ['first', found.first],
                ['last', found.last],
              ] as const
            ).map(
              ([when, { atMs, test, target, version, run }]) =>
                `${when.padEnd(5)}  ${timeOf(atMs)}  ${oneLine(test, 100)} on ${oneLine(target, 60)}, ${oneLine(version ?? 'unknown version', 30)}, run ${oneLine(run, 60)}`,
            ),
          ],
  )
}

/** The action of `history query flakes`. */
export async function queryFlakes(flags: Flags): Promise<number> {
  const { target, channel, since } = flags as { target?: string; channel?: string; since?: number }
  return await answer(
    flags,
    async (history) => await flakeRank(history, { target, channel, sinceMs: since, limit: limitOf(flags) }),
    (found) =>
      found.length === 0
        ? nothing('flaky test')
        : found.map(
            ({ test, flaky, judged, share }) =>
              `${oneLine(test, 100)}  flaky in ${flaky} of ${judged}: 95 % interval ${percent(share.low)} to ${percent(share.high)} %`,
          ),
  )
}

const percent = (share: number): string => (share * 100).toFixed(1)

/** The action of `history query runs`. */
export async function queryRuns(flags: Flags): Promise<number> {
  const { image, target, channel, since } = flags as Readonly<Record<string, string | undefined>> & {
    since?: number
  }
  return await answer(
    flags,
    async (history) =>
      await findRuns(history, { image, target, channel, sinceMs: since, limit: limitOf(flags) }),
    (found) => (found.length === 0 ? nothing('such runs') : found.map(runLine)),
  )
}

function runLine({ atMs, run, state, target, image, verdicts, planned }: PastRun): string {
  const counts = Object.entries(verdicts)
    .filter(([, count]) => count > 0)
    .map(([verdict, count]) => `${count} ${verdict}`)
  const counted = counts.length === 0 ? `${planned} planned` : counts.join(', ')
  return `${timeOf(atMs)}  ${oneLine(run, 60)}  ${oneLine(target, 40)}  ${oneLine(image?.version ?? '-', 30)}  ${counted}${state === 'finished' ? '' : ` (${state})`}`
}

/** The action of `history query newly-red <before> <after>`. */
export async function queryNewlyRed(flags: Flags, [before, after]: Words): Promise<number> {
  return await answer(
    flags,
    async (history) => {
      const found = await compareImages(history, String(before), String(after))
      if (found !== undefined) return found
      throw new UsageError(`the history knows no run of ${String(before)} or of ${String(after)}`, {
        code: 'unknown-image',
        hint: 'signalbox history query runs shows the versions that there are',
      })
    },
    (found) => {
      const groups = [
        ['newly red', found.newlyRed],
        ['red, and new', found.redAndNew],
        ['red before and red now', found.stillRed],
        ['mended', found.mended],
        ['not judged any more', found.unjudged],
      ] as const
      return groups.flatMap(([title, cells]) =>
        cells.length === 0 ? [`${title}: none`] : [`${title}:`, ...cells.map(cellLine)],
      )
    },
  )
}

function cellLine({ test, target, before, after }: ComparedCell): string {
  const was = before?.verdict ?? 'unknown'
  const fingerprint = after?.fingerprint === undefined ? '' : `  ${after.fingerprint}`
  return `  ${oneLine(test, 100)} on ${oneLine(target, 60)}: ${was} -> ${after?.verdict ?? 'unknown'}${fingerprint}`
}
