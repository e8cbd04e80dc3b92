// The index of the page: which tests, which runs, and how each cell of the matrix came out.

import { formatSeconds } from '../../harness/deadline.ts'
import type { KnownFailure, Phase } from '../../harness/model.ts'
import { causeOf, mainFailure } from '../failure-text.ts'
import { passRateText } from '../pass-rate.ts'
import { endText, evidenceLinesOf } from '../run-end.ts'
import {
  type AttemptSummary,
  cellName,
  type MachineSummary,
  type Notice,
  type RunSummary,
  type TestSummary,
} from '../run-summary.ts'
import type { PageAttempt, PageCell, PageKnownFailure, PageNotice, PageRun, PageTest } from './data.ts'
import { placeText } from './detail.ts'
import { rerunCommand } from './rerun.ts'
import { webLink } from './safe-link.ts'
import { shown, shownFacts, shownLine } from './shown-text.ts'

const phases: readonly Phase[] = ['acquire', 'ready', 'body', 'collect', 'checks', 'teardown']

/** Gives each text a number. */
export interface Interner {
  readonly texts: readonly string[]
  of(text: string): number
}

/** Starts without a text. */
export function startInterner(): Interner {
  const texts: string[] = []
  const numbers = new Map<string, number>()
  return {
    texts,
    of(text) {
      const known = numbers.get(text)
      if (known !== undefined) return known
      numbers.set(text, texts.length)
      return texts.push(text) - 1
    },
  }
}

/** All tests of all runs, each once, and their numbers by name. */
export function testsOf(runs: readonly RunSummary[]): {
  readonly tests: readonly PageTest[]
  readonly numbers: ReadonlyMap<string, number>
} {
  const tests: PageTest[] = []
  const numbers = new Map<string, number>()
  for (const run of runs)
    for (const test of run.tests) {
      if (numbers.has(test.test)) continue
      numbers.set(test.test, tests.length)
      tests.push(testOf(test))
    }
  return { tests, numbers }
}

function testOf({ test, description, tags, aliases, location, group }: TestSummary): PageTest {
  return {
    name: shownLine(test, 300),
    ...(description === undefined ? {} : { description: shownLine(description) }),
    tags: tags.map((tag) => shownLine(tag, 60)),
    ...(location === undefined ? {} : { place: placeText(location) }),
    ...(group === undefined ? {} : { group: shownLine(group, 200) }),
    ...(aliases.length === 0 ? {} : { aliases: aliases.map((alias) => shownLine(alias, 200)) }),
  }
}

/** The column of a run, with its cells. */
export function runOf(run: RunSummary, label: readonly string[], cells: readonly PageCell[]): PageRun {
  const { image, target, host, plan } = run
  return {
    run: shownLine(run.run, 200),
    name: shownLine(cellName(run), 200),
    label: label.map((part) => shownLine(part, 80)),
    state: run.state,
    ...(run.state === 'finished' ? {} : { end: shownLine(endText(run)) }),
    endLines: evidenceLinesOf(run.abortedBy ?? {}).map((line) => shownLine(line)),
    startedAt: shownLine(run.startedAt, 40),
    durationMs: Math.round(run.durationMs),
    facts: shownFacts({
      image: image === undefined ? undefined : `${image.distro} ${image.version} (${image.channel})`,
      'image digest': image?.digest,
      'build id': image?.buildId,
      platform: target?.platform,
      architecture: target?.architecture,
      firmware: target?.firmware,
      ...target?.axes,
      plan: plan?.digest,
      jobs: plan?.jobs,
      budget: plan === undefined ? undefined : `${plan.budget.memoryMiB} MiB, ${plan.budget.cpus} CPUs`,
      shard: plan?.shard === undefined ? undefined : `${plan.shard.index} of ${plan.shard.count}`,
      command: run.command.join(' '),
      signalbox: run.toolVersion,
      ...Object.fromEntries(Object.entries(host).map(([name, value]) => [`host ${name}`, value])),
    }),
    notices: noticesOf(run.notices),
    rerun: rerunCommand(run),
    cells,
  }
}

/** The cell of a test, with attempts that do not yet say where their details are. */
export function cellOf(
  test: TestSummary,
  number: number,
  machines: ReadonlyMap<string, MachineSummary>,
  causes: Interner,
): PageCell {
  const cause = test.verdict === 'passed' ? '' : causeOf(test)
  const failure = test.verdict === 'passed' ? undefined : mainFailure(test)
  return {
    t: number,
    v: test.verdict,
    ms: Math.round(test.durationMs),
    ...(cause === '' ? {} : { c: causes.of(cause) }),
    ...(failure === undefined ? {} : { code: shownLine(failure.code, 100) }),
    ...(test.knownFailure === undefined ? {} : { known: knownFailureOf(test.knownFailure) }),
    ...(test.rate === undefined ? {} : { rate: passRateText(test.rate) }),
    a: test.attempts.map((attempt) => attemptOf(attempt, machines)),
  }
}

/** One attempt in short. */
export function attemptOf(
  attempt: AttemptSummary,
  machines: ReadonlyMap<string, MachineSummary>,
): PageAttempt {
  const own = attempt.machines.flatMap((id) => machines.get(id) ?? [])
  // A template is booted for many: its boot is not this attempt's.
  const forks = own.filter(({ origin }) => origin === 'fork')
  const ssh = (forks.length > 0 ? forks : own).flatMap(({ milestones }) =>
    milestones.filter(({ milestone }) => milestone === 'ssh').map(({ sinceMs }) => sinceMs),
  )
  return {
    n: attempt.n,
    o: attempt.outcome,
    at: Math.round(attempt.startedMs),
    ms: Math.round(attempt.durationMs),
    ...(attempt.audit === true ? { kind: 'audit' as const } : {}),
    ...(attempt.isolated === undefined ? {} : { kind: 'isolated' as const }),
    ph: phases.map((name) => {
      const ms = attempt.phases.findLast(({ phase }) => phase === name)?.durationMs
      return ms === undefined || ms === null ? null : Math.round(ms)
    }),
    ...(ssh.length === 0 ? {} : { ssh: Math.round(Math.max(...ssh)) }),
    ...(forks.length > 0 ? { fork: true as const } : {}),
  }
}

function knownFailureOf({ mode, pattern, reason, tracker, expires, source }: KnownFailure): PageKnownFailure {
  const words = [
    `${mode}: ${pattern}`,
    reason ?? '',
    tracker ?? '',
    expires === undefined ? '' : `until ${expires}`,
    source,
  ]
  const link = tracker === undefined ? undefined : webLink(tracker)
  return {
    text: shown(words.filter((word) => word !== '').join('; '), 1000),
    ...(link === undefined ? {} : { tracker: link }),
  }
}

/** At most 50 of them. */
export function noticesOf(notices: readonly Notice[]): readonly PageNotice[] {
  const kept = notices.slice(0, 50)
  const more = notices.length - kept.length
  return [
    ...kept.map(({ level, message }) => ({ level, message: shownLine(message, 1000) })),
    ...(more > 0 ? [{ level: 'info' as const, message: `and ${more} more notices` }] : []),
  ]
}

/** `flatcar 4000.1.0 (beta), qemu-x86_64-uefi: 30 passed, 2 failed in 41 s`, or what there is of it. */
export function titleOf(runs: readonly RunSummary[], durationMs: number): string {
  const images = new Set(
    runs.flatMap(({ image }) => (image === undefined ? [] : [`${image.distro} ${image.version}`])),
  )
  const what = images.size === 0 ? 'run' : [...images].slice(0, 3).join(', ')
  const where = runs.length === 1 && runs[0] !== undefined ? cellName(runs[0]) : `${runs.length} targets`
  return shownLine(`${what} on ${where}, ${formatSeconds(durationMs)}`, 200)
}
