// A plan as text: a block for each job, then what all of it takes. Pure.

import { dollars } from '../plan/cost-limit.ts'
import { formatSeconds } from '../deadline.ts'
import { oneLine } from '../hostile-text.ts'
import { knownText } from '../known-failures/describe.ts'
import type { PreviewJob, PreviewTest, RunPreview } from '../preview.ts'
import { estimatesText } from './plan-estimates.ts'
import type { colors as Colors } from './colors.ts'

export type Paint = Pick<typeof Colors, 'bold' | 'dim' | 'yellow'>

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** One target. */
export function previewLines(preview: RunPreview, paint: Paint): readonly string[] {
  const { jobs, skipped } = preview
  const names = [...jobs.flatMap(({ members }) => members), ...skipped].map(({ test }) => test.length)
  const width = Math.max(0, ...names) + 2
  return [
    headLine(preview, paint),
    '',
    ...jobs.flatMap((job) => jobLines(job, width, paint)),
    ...skipped.map(
      ({ test, reason }) =>
        `  ${paint.dim(test.padEnd(width))}  ${paint.yellow(`skipped: ${oneLine(reason, 600)}`)}`,
    ),
    '',
    ...sumLines(preview, paint),
  ]
}

function headLine({ target, image, shard, repeat }: RunPreview, paint: Paint): string {
  const parts = [
    paint.bold(oneLine(target.name, 80)),
    `${oneLine(image.distro, 40)} ${oneLine(image.version, 60)} (${oneLine(image.channel, 40)})`,
    ...(shard === undefined ? [] : [`shard ${shard.index} of ${shard.count}`]),
    ...(repeat === undefined ? [] : [`each test ${plural(repeat, 'time')}`]),
  ]
  return `  ${parts.join(paint.dim(' · '))}`
}

function jobLines(job: PreviewJob, width: number, paint: Paint): readonly string[] {
  const [first, ...others] = job.members
  if (first === undefined) return []
  const how = howText(job)
  if (others.length === 0) return [`  ${testText(first, width)}  ${paint.dim(how)}${knownMark(first, paint)}`]
  return [
    `  ${paint.dim(`${job.job}: ${how}`)}`,
    ...job.members.map((test) => `    ${testText(test, width - 2)}${knownMark(test, paint)}`.trimEnd()),
  ]
}

function howText({ machines, tests, members }: PreviewJob): string {
  const count = members.length
  const inTurn = `${count} tests, one after the other`
  const users =
    count === 1 ? 'forked' : tests === 'shared' ? `forked once for ${inTurn}` : `forked by ${count} tests`
  switch (machines.kind) {
    case 'fork':
      return `${users}, from template ${machines.template}`
    case 'build':
      return machines.seeds === 1
        ? `a template is booted and saved, then ${users}`
        : `a template of ${machines.seeds} machines is booted and saved, then ${users}`
    case 'boot':
      return `booted${count === 1 ? '' : ` once for ${inTurn}`}: ${oneLine(machines.reason, 300)}`
    default:
      return machines satisfies never
  }
}

function testText({ test, machines, memoryMiB, estimate }: PreviewTest, width: number): string {
  const time = `${estimate.from === 'recorded' ? '' : '~'}${formatSeconds(estimate.ms)}`
  const count = machines === 0 ? 'its own' : plural(machines, 'machine')
  return `${test.padEnd(width)}  ${count.padEnd(11)}  ${`${memoryMiB} MiB`.padStart(9)}  ${time.padStart(9)}`
}

function knownMark({ knownFailure }: PreviewTest, paint: Paint): string {
  if (knownFailure === undefined) return ''
  const how = knownFailure.mode === 'must-fail' ? 'must fail' : 'may fail'
  return `  ${paint.yellow(`${how}: ${oneLine(knownText(knownFailure), 300)}`)}`
}

function sumLines(preview: RunPreview, paint: Paint): readonly string[] {
  const { totals, jobs, skipped, slots, budget, guesses, auditForks } = preview
  const { tests, machines, peakMachines, peakMemoryMiB, durationMs, guessed } = totals
  const guess = [
    `${formatSeconds(guesses.testMs)} a test`,
    `${formatSeconds(guesses.bootMs)} a boot`,
    `${formatSeconds(guesses.forkMs)} a fork`,
  ].join(', ')
  const row = (name: string, text: string): string => `  ${paint.dim(name.padEnd(9))}  ${text}`
  return [
    row('tests', `${tests} in ${plural(jobs.length, 'job')}, ${skipped.length} skipped`),
    row('machines', `${machines} in all, at most ${peakMachines} at once`),
    row('memory', `at most ${peakMemoryMiB} MiB at once; the budget is ${budget.memoryMiB} MiB`),
    row(
      'time',
      `about ${minutesNumber(durationMs)} minutes without retries, at most ${plural(slots, 'job')} at once`,
    ),
    ...(totals.costUsd === undefined
      ? []
      : [row('cost', totals.costUsd === null ? 'not known' : `at most about ${dollars(totals.costUsd)}`)]),
    row('estimates', `${estimatesText(preview)}${guessed === 0 ? '' : ` (~: ${guess})`}`),
    ...(auditForks > 0
      ? [
          row(
            'audit',
            `${Math.round(auditForks * 100)} % of the forked tests are booted too, not counted here`,
          ),
        ]
      : []),
  ]
}

/** `3.4`, `70`. */
export function minutesNumber(ms: number): string {
  const minutes = ms / 60_000
  return minutes < 10 ? minutes.toFixed(1) : String(Math.round(minutes))
}
