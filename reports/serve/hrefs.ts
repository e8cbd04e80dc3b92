// Addresses within the dashboard, from its root: made of what people and guests called things, and safe for that.

import { shownLine } from '../html/shown-text.ts'

/** The report of a run, or its live page. */
export function runHref(run: string): string {
  return `/run/${encodeURIComponent(run.toWellFormed())}/`
}

/** An attempt in the report of its run. */
export function attemptHref(at: { readonly run: string; readonly test: string; readonly n: number }): string {
  // The report names things as it shows them.
  const place = new URLSearchParams({
    run: shownLine(at.run, 200),
    test: shownLine(at.test, 300),
    n: String(at.n),
  })
  return `${runHref(at.run)}#/attempt?${place.toString()}`
}

/** How a test went. */
export function testHref(test: string, more: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(more).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as [string, string]],
  )
  return `/test?${new URLSearchParams([['name', test], ...given]).toString()}`
}

/** Two images, by version or digest. */
export function compareHref(before: string, after: string): string {
  return `/compare?${new URLSearchParams({ before, after }).toString()}`
}
