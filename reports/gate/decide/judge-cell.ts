// One cell against its rule: what is not so, if anything. Pure; looks at no other cell.

import { oneLine } from '../../../harness/hostile-text.ts'
import type { CellRule, Passes } from '../policy.ts'
import type { Finding, Rerun } from './finding.ts'
import type { Cell } from './gather-cells.ts'

export interface Before {
  /** The same cell of the image that is promoted now; undefined when nothing is known of it. */
  readonly cell: Cell | undefined
}

export type CellJudgement =
  | { readonly kind: 'satisfied'; readonly note?: { readonly code: string; readonly message: string } }
  | { readonly kind: 'unsatisfied'; readonly finding: Finding }

/** Judges it by its attempts. Age and flake rate are others' to judge. */
export function judgeCell(cell: Cell, rule: CellRule, before: Before): CellJudgement {
  if (rule.require.kind === 'nothing') return { kind: 'satisfied' }
  if (cell.judged.length === 0) return withoutResult(cell, rule)
  const wrong = wrongWith(cell.judged, rule.require)
  if (wrong === undefined) return { kind: 'satisfied' }
  if (wrong.kind === 'too-few')
    return unsatisfied(cell, rule, 'missing', 'need-more-results', wrong.message, {
      more: ['--repeat', `${wrong.more}`],
    })
  if (rule.knownFailures === 'allow' && cell.onlyKnownFailures)
    return excused('known-failure', `${describe(cell)} ${wrong.message}: a known failure`)
  const fingerprints = [...new Set(cell.failures.map(({ fingerprint }) => fingerprint))]
  const redBefore = isRedBefore(fingerprints, before)
  if (redBefore === true && rule.redBefore === 'allow')
    return excused('red-before', `${describe(cell)} ${wrong.message}, as it does in the promoted image`)
  const last = cell.failures.at(-1)?.message
  const news = redBefore === undefined ? '' : redBefore ? ' (red before and red now)' : ' (newly red)'
  const message = `${describe(cell)} ${wrong.message}${news}${last === undefined ? '' : `: ${oneLine(last, 160)}`}`
  return {
    kind: 'unsatisfied',
    finding: {
      kind: wrong.kind,
      effect: 'hold',
      rule: rule.name,
      message,
      test: cell.test,
      target: cell.target,
      ...(fingerprints.length === 0 ? {} : { fingerprints }),
      ...(redBefore === undefined ? {} : { redBefore }),
    },
  }
}

/** `boot.usr on qemu-x86_64-uefi-beta`. */
export function describe({ test, target }: Pick<Cell, 'test' | 'target'>): string {
  return `${test} on ${target}`
}

function withoutResult(cell: Cell, rule: CellRule): CellJudgement {
  const { skipped, lost, reason } = cell
  if (skipped !== undefined) {
    if (rule.skipped === 'allow') return { kind: 'satisfied' }
    return {
      kind: 'unsatisfied',
      finding: {
        kind: 'skipped',
        effect: 'hold',
        rule: rule.name,
        message: `${describe(cell)} was skipped: ${oneLine(skipped, 160)}`,
        test: cell.test,
        target: cell.target,
      },
    }
  }
  if (lost > 0) {
    const times = lost === 1 ? 'once' : `${lost} times`
    return unsatisfied(
      cell,
      rule,
      'infra',
      'need-more-results',
      `was lost ${times} to the platform or the harness, which proves nothing`,
    )
  }
  const why = reason === undefined ? '' : `: ${oneLine(reason, 160)}`
  return unsatisfied(cell, rule, 'missing', 'need-more-results', `was planned and has no result${why}`)
}

function unsatisfied(
  cell: Cell,
  rule: CellRule,
  kind: Finding['kind'],
  effect: Finding['effect'],
  message: string,
  rerun: Pick<Rerun, 'more'> = {},
): CellJudgement {
  return {
    kind: 'unsatisfied',
    finding: {
      kind,
      effect,
      rule: rule.name,
      message: `${describe(cell)} ${message}`,
      test: cell.test,
      target: cell.target,
      rerun: { run: cell.run, tests: [cell.test], ...rerun },
    },
  }
}

function excused(code: string, message: string): CellJudgement {
  return { kind: 'satisfied', note: { code, message } }
}

type Wrong =
  | { readonly kind: 'failed' | 'flaky'; readonly message: string }
  | { readonly kind: 'too-few'; readonly message: string; readonly more: number }

function wrongWith(judged: Cell['judged'], require: Exclude<Passes, { kind: 'nothing' }>): Wrong | undefined {
  const passed = judged.filter((outcome) => outcome === 'passed').length
  const counts = `passed ${passed} of ${judged.length}`
  switch (require.kind) {
    case 'first-attempt':
      if (passed === judged.length) return undefined
      return passed > 0
        ? { kind: 'flaky', message: `is flaky: it ${counts}` }
        : { kind: 'failed', message: judged.length === 1 ? 'failed' : `failed ${judged.length} times` }
    case 'any-attempt':
      if (passed > 0) return undefined
      return { kind: 'failed', message: judged.length === 1 ? 'failed' : `failed ${judged.length} times` }
    case 'some':
      return wrongWithSome(judged.slice(-require.of), require)
    default:
      return require satisfies never
  }
}

function wrongWithSome(
  latest: Cell['judged'],
  { passes, of }: Extract<Passes, { kind: 'some' }>,
): Wrong | undefined {
  const passed = latest.filter((outcome) => outcome === 'passed').length
  if (passed >= passes) return undefined
  const left = of - latest.length
  const counts = `passed ${passed} of ${latest.length}, and ${passes} of ${of} are asked`
  if (passed + left >= passes) return { kind: 'too-few', message: counts, more: left }
  return { kind: passed > 0 ? 'flaky' : 'failed', message: counts }
}

/** A test that failed otherwise before is newly red: it may hide a new bug. */
function isRedBefore(now: readonly string[], { cell }: Before): boolean | undefined {
  if (cell === undefined || cell.judged.length === 0) return undefined
  if (cell.judged.includes('passed')) return false
  const then = new Set(cell.failures.map(({ fingerprint }) => fingerprint))
  return now.length > 0 && now.every((fingerprint) => then.has(fingerprint))
}
