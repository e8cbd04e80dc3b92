// The lines of the terminal list that stand alone: head of a run, notices, verdicts, shared boots. Pure: data and a look
// -> text. All text of others is made safe here.

import { formatSeconds } from '../harness/deadline.ts'
import type { EventOf } from '../harness/events.ts'
import { oneLine } from '../harness/hostile-text.ts'
import type { Verdict } from '../harness/model.ts'
import { isForkFault } from '../harness/verdict.ts'
import { causeOf, placeOf } from './failure-text.ts'
import { notesOf } from './test-notes.ts'
import {
  audits,
  cellName,
  judgedAttempts,
  type MachineSummary,
  type Notice,
  type RunSummary,
  type TestSummary,
} from './run-summary.ts'
import { failedSubtests } from './subtest-text.ts'
import { type Colors, type Look } from './terminal.ts'
import { cutToWidth, textWidth } from './text-width.ts'

const SUBTESTS_SHOWN = 10

type Paint = (text: string) => string

/** How each verdict is coloured, everywhere on a terminal. */
export function verdictPaint(colors: Colors, verdict: Verdict): Paint {
  switch (verdict) {
    case 'passed':
      return colors.green
    case 'flaky':
    case 'warned':
    case 'infra':
      return colors.yellow
    case 'failed':
    case 'missing':
      return colors.red
    case 'skipped':
      return colors.dim
    default:
      return verdict satisfies never
  }
}

/** `qemu-x86_64-direct · reference 1.2.3 (stable) · 24 tests, 2 jobs` */
export function planLine(
  plan: Pick<EventOf<'run.planned'>, 'target' | 'image' | 'jobs' | 'shard'> & {
    readonly count: number
    /** Its identifier, where there are several runs. */
    readonly ofRun?: string
  },
  look: Look,
): string {
  const { target, image, jobs, shard, count, ofRun } = plan
  const parts = [
    look.colors.bold(oneLine(target.name, 80)),
    `${oneLine(image.distro, 40)} ${oneLine(image.version, 60)} (${oneLine(image.channel, 40)})`,
    ...(shard === undefined ? [] : [`shard ${shard.index} of ${shard.count}`]),
    `${plural(count, 'test')}, ${plural(jobs, 'job')}`,
    ...(ofRun === undefined ? [] : [`run ${oneLine(ofRun, 80)}`]),
  ]
  return `  ${parts.join(look.colors.dim(` ${look.symbols.dot} `))}`
}

/** The head of a run that is read later. */
export function runHead(run: RunSummary, look: Look, several = false): readonly string[] {
  if (run.target === undefined || run.image === undefined || run.plan === undefined)
    return several ? [`  ${look.colors.bold(cellName(run))} run ${oneLine(run.run, 80)}`, ''] : []
  const { target, image, plan, planned: count } = run
  return [planLine({ target, image, ...plan, count, ...(several ? { ofRun: run.run } : {}) }, look), '']
}

/** Before what is said of a test, where several targets run at the same time. */
export function cellLabel(cell: string | undefined): string {
  return cell === undefined ? '' : `[${oneLine(cell, 80)}] `
}

export function noticeLine(notice: Notice, look: Look, cell?: string): string {
  const text = `${cellLabel(cell)}${oneLine(notice.message, 600)}`
  return notice.level === 'warning'
    ? `  ${look.colors.yellow(look.symbols.infra)} ${text}`
    : `  ${look.colors.dim(`${look.symbols.notice} ${text}`)}`
}

/** `  ✗ boot.usr-read-only  (0.4 s)  tests/boot.ts:12  /usr is writable` */
export function verdictLine(test: TestSummary, look: Look, cell?: string): string {
  const { colors, symbols } = look
  const name = `${cellLabel(cell)}${oneLine(test.test, 200)}`
  const ran = test.attempts.length > 0
  const time = ran ? `  (${formatSeconds(test.durationMs)})` : ''
  const used = 4 + textWidth(name) + textWidth(time) + 2
  const tail = cutToWidth(verdictTail(test), Math.max(20, look.width - used))
  const paint = verdictPaint(colors, test.verdict)
  const shownName = test.verdict === 'skipped' ? colors.dim(name) : name
  const shownTail = tail === '' ? '' : `  ${test.verdict === 'failed' ? paint(tail) : colors.dim(tail)}`
  return `  ${paint(symbols[test.verdict])} ${shownName}${colors.dim(time)}${shownTail}`
}

/** The verdict of a test, and below it the subtests that failed. */
export function verdictBlock(test: TestSummary, look: Look, cell?: string): readonly string[] {
  const { colors, symbols } = look
  const failed = failedSubtests(test, SUBTESTS_SHOWN).map((text) => {
    const shown = cutToWidth(text, Math.max(40, look.width - 8))
    return `      ${colors.red(symbols.failed)} ${colors.dim(shown)}`
  })
  return [verdictLine(test, look, cell), ...failed]
}

function verdictTail(test: TestSummary): string {
  const cause = causeOf(test)
  const notes = oneLine(notesOf(test).join('; '), 400)
  switch (test.verdict) {
    case 'passed':
      if (notes !== '') return notes
      return audits(test).some(({ outcome }) => outcome === 'passed') ? 'the same on a cold boot' : ''
    case 'flaky': {
      if (notes !== '') return `flaky: ${notes}${cause === '' ? '' : `; a failure: ${cause}`}`
      const n = judgedAttempts(test).findLast(({ outcome }) => outcome === 'passed')?.n
      return `flaky: passed on attempt ${n ?? test.attempts.length}${cause === '' ? '' : `; before: ${cause}`}`
    }
    case 'failed': {
      const place = placeOf(test)
      const said = notes === '' ? cause : `${cause} (${notes})`
      return place === undefined ? said : `${oneLine(place.file)}:${place.line}  ${said}`
    }
    case 'warned':
      return `warned: ${cause}${notes === '' ? '' : ` (${notes})`}`
    case 'infra':
    case 'skipped':
    case 'missing':
      return `${test.verdict}: ${cause}`
    default:
      return test.verdict satisfies never
  }
}

export function retryLine(event: EventOf<'attempt.finished'>, look: Look, cell?: string): string {
  const { n } = event.attempt
  const test = `${cellLabel(cell)}${oneLine(event.attempt.test, 200)}`
  const cause = oneLine(event.failures[0]?.message ?? event.reason ?? '', 200)
  // A notice says why, once for all tests.
  const isFault = event.failures.some(({ code }) => isForkFault(code))
  const again = event.retryAlone === true ? 'again at the end, alone' : 'again'
  const next = isFault ? 'booted instead: the fork did not work' : `${again}: ${cause}`
  const text = `${test}  attempt ${n} ${event.outcome} (${formatSeconds(event.durationMs)}), ${next}`
  return `  ${look.colors.yellow(look.symbols.retry)} ${look.colors.dim(cutToWidth(text, Math.max(40, look.width - 4)))}`
}

/** One repetition that did not pass: the test goes on. */
export function repetitionLine(event: EventOf<'attempt.finished'>, look: Look, cell?: string): string {
  const { n } = event.attempt
  const test = `${cellLabel(cell)}${oneLine(event.attempt.test, 200)}`
  const cause = oneLine(event.failures[0]?.message ?? event.reason ?? '', 200)
  const text = `${test}  attempt ${n} ${event.outcome} (${formatSeconds(event.durationMs)}): ${cause}`
  return `  ${look.colors.yellow(look.symbols.retry)} ${look.colors.dim(cutToWidth(text, Math.max(40, look.width - 4)))}`
}

/** Said once for a boot that several tests share. */
function sharedBootLine(group: string, tests: number, sinceMs: number, look: Look, cell?: string): string {
  const text = `${cellLabel(cell)}booted ${oneLine(group, 100)} in ${formatSeconds(sinceMs)}, shared by ${plural(tests, 'test')}`
  return `  ${look.colors.dim(`${look.symbols.notice} ${text}`)}`
}

/** Said once for a template that was made. */
function templateLine(tests: number, sinceMs: number, look: Look, cell?: string): string {
  const text = `${cellLabel(cell)}booted and saved a template in ${formatSeconds(sinceMs)}, forked by ${plural(tests, 'test')}`
  return `  ${look.colors.dim(`${look.symbols.notice} ${text}`)}`
}

/** What a machine's boot gave to several tests, or the template that was made of it; undefined: nothing to say. */
export function bootLine(
  machine: Pick<MachineSummary, 'name' | 'origin' | 'attempts'>,
  { milestone, sinceMs }: MachineSummary['milestones'][number],
  group: string | undefined,
  look: Look,
  cell?: string,
): string | undefined {
  const { attempts, name, origin } = machine
  if (origin === 'fork') return undefined
  if (isTemplate(machine)) {
    // The machines of a cluster are saved as one: the first stands for all.
    const isFirst = !/-m[1-9]/.test(name)
    return milestone === 'saved' && isFirst ? templateLine(attempts.length, sinceMs, look, cell) : undefined
  }
  if (milestone !== 'ssh' || attempts.length < 2) return undefined
  return sharedBootLine(group ?? name, attempts.length, sinceMs, look, cell)
}

/** A machine that boots to become a template: `template`, or `template-m1` of a cluster. */
export function isTemplate({ name }: Pick<MachineSummary, 'name'>): boolean {
  return /^template(-m\d+)?$/.test(name)
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
