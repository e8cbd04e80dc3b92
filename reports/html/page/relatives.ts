// What belongs to an attempt: others of its test, green ones to compare with, the command that runs it again.

import type { PageRun } from '../data.ts'
import type { AttemptAddress } from './route.ts'
import type { Found, Store } from './store.ts'

export function addressOf({ run, test, attempt }: Found): AttemptAddress {
  return { run: run.run, test: test.name, n: attempt.n }
}

/** Every other attempt of the test: of its own cell, on other targets, of earlier green runs. */
export function relativesOf(store: Store, found: Found): readonly Found[] {
  const { index } = store
  const here = index.runs.flatMap((run) => {
    const cell = run.cells.find(({ t }) => index.tests[t] === found.test)
    return (cell?.a ?? []).flatMap((attempt) =>
      cell === undefined ? [] : [{ run, test: found.test, cell, attempt }],
    )
  })
  const earlier = index.baselines.flatMap((baseline) => {
    if (index.tests[baseline.t] !== found.test) return []
    return store.find({ run: baseline.run, test: found.test.name, n: baseline.a.n }) ?? []
  })
  return [...here, ...earlier].filter(({ attempt }) => attempt !== found.attempt)
}

/** The green attempt to compare with: of the last green run, else of its own retries, else of another target. */
export function greenOf(store: Store, found: Found): Found | undefined {
  const green = relativesOf(store, found).filter(({ attempt }) => attempt.o === 'passed')
  return (
    green.find(({ baseline, run }) => baseline !== undefined && run.name === found.run.name) ??
    green.find(({ run }) => run === found.run) ??
    green[0]
  )
}

/** As it is named where one is chosen. */
export function nameOf({ run, attempt, baseline }: Found): string {
  const when = baseline === undefined ? '' : ` of ${baseline.startedAt.slice(0, 16).replace('T', ' ')}`
  return `${run.name}, attempt ${attempt.n}${when}: ${attempt.o}`
}

/** The command line that runs the test again. */
export function rerunText({ rerun }: PageRun, test: string): string | undefined {
  if (rerun.length === 0) return undefined
  const name = /^[\w.:@/-]+$/.test(test) ? test : `'${test.replaceAll("'", String.raw`'\''`)}'`
  return rerun.map((word) => (word === '{test}' ? name : word)).join(' ')
}
