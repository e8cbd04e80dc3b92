// "Not found" lists what exists, nearest first.

import { createRequire } from 'node:module'

// Loaded with the first wrong name: what goes right must not pay for it.
const require = createRequire(import.meta.url)

/** The candidates by edit distance to `name`, nearest first, at most `count`. */
export function nearest(name: string, candidates: Iterable<string>, count = 5): readonly string[] {
  return [...new Set(candidates)]
    .map((candidate) => ({ candidate, score: score(name, candidate) }))
    .toSorted((a, b) => a.score - b.score || a.candidate.localeCompare(b.candidate))
    .slice(0, count)
    .map((entry) => entry.candidate)
}

function score(name: string, candidate: string): number {
  const { distance } = require('fastest-levenshtein') as typeof import('fastest-levenshtein')
  const [a, b] = [name.toLowerCase(), candidate.toLowerCase()]
  return distance(a, b) - (b.includes(a) || a.includes(b) ? Math.min(a.length, b.length) : 0)
}

/** `did you mean "x"? known: a, b, c` */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const all = [...new Set(candidates)]
  const [best, ...rest] = nearest(name, all, 6)
  if (best === undefined) return 'there are none'
  const more = all.length - 1 - rest.length
  const others =
    rest.length === 0 ? '' : `; others: ${rest.join(', ')}${more > 0 ? `, and ${more} more` : ''}`
  return `did you mean "${best}"?${others}`
}
