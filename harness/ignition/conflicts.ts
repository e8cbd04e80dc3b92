// Which tests' configs may be merged for one shared boot. Pure; in doubt it says no, because a wrong yes would make
// one test's verdict depend on another's config.

import { posix } from 'node:path'
import { claimsOf, type Claim, type Claims } from './claims.ts'
import type { IgnitionConfig } from './source.ts'

/** Why two configs (by their place in the list) cannot share a machine; `b` is absent when `a` can share with none. */
export interface Conflict {
  readonly a: number
  readonly b?: number
  readonly reason: string
}

/** Every pair that cannot share a machine, with the first reason found, and every config that must be alone. */
export function findConflicts(configs: readonly IgnitionConfig[]): readonly Conflict[] {
  const claims = configs.map(claimsOf)
  const conflicts: Conflict[] = []
  for (const [a, first] of claims.entries()) {
    const alone = first.exclusive[0]
    if (alone !== undefined) conflicts.push({ a, reason: alone })
    for (const [at, second] of claims.slice(a + 1).entries()) {
      const reason = clash(first, second)
      if (reason !== undefined) conflicts.push({ a, b: a + 1 + at, reason })
    }
  }
  return conflicts
}

/**
 * Sorts configs into groups that may each share one machine: in order, each into the first group that it fits. The
 * same list gives the same groups. `apart` says which two share nothing for another reason. Returns places in the list.
 */
export function groupCompatible(
  configs: readonly IgnitionConfig[],
  apart: (a: number, b: number) => boolean = () => false,
): readonly (readonly number[])[] {
  const claims = configs.map(claimsOf)
  const groups: { readonly members: number[]; readonly claims: Claims[] }[] = []
  for (const [at, mine] of claims.entries()) {
    const fits = groups.find(
      (group) =>
        mine.exclusive.length === 0 &&
        !group.members.some((other) => apart(other, at)) &&
        group.claims.every((theirs) => theirs.exclusive.length === 0 && clash(theirs, mine) === undefined),
    )
    if (fits === undefined) groups.push({ members: [at], claims: [mine] })
    else {
      fits.members.push(at)
      fits.claims.push(mine)
    }
  }
  return groups.map((group) => group.members)
}

function clash(a: Claims, b: Claims): string | undefined {
  const theirs = new Map(b.claims.map((claim) => [`${claim.kind} ${claim.name}`, claim]))
  for (const claim of a.claims) {
    const other = theirs.get(`${claim.kind} ${claim.name}`)
    if (other !== undefined && other.value !== claim.value) return `${claim.kind} ${claim.name} differs`
  }
  return below(a, b) ?? below(b, a) ?? aliases(a, b)
}

/** A path of `lower` that lies below a file, link or mount point of `upper`. */
function below(upper: Claims, lower: Claims): string | undefined {
  const closed = new Set(
    upper.claims.filter((claim) => claim.kind === 'path' && claim.closed === true).map((claim) => claim.name),
  )
  const own = new Set(lower.claims.filter((claim) => claim.closed === true).map((claim) => claim.name))
  for (const claim of lower.claims) {
    if (claim.kind !== 'path') continue
    for (let parent = posix.dirname(claim.name); parent !== '/'; parent = posix.dirname(parent)) {
      if (closed.has(parent) && !own.has(parent)) return `path ${claim.name} lies below ${parent}`
    }
  }
  return undefined
}

/** Device names of different kinds (/dev/vdb, /dev/disk/by-id/...) may mean the same disk. */
function aliases(a: Claims, b: Claims): string | undefined {
  const [mine, theirs] = [devices(a), devices(b)]
  // A device that one config and the other treat alike is no news to either.
  const knows = (claims: readonly Claim[], { name, value }: Claim): boolean =>
    claims.some((known) => known.name === name && known.value === value)
  for (const claim of mine) {
    if (knows(theirs, claim)) continue
    const other = theirs.find(
      (one) => posix.dirname(one.name) !== posix.dirname(claim.name) && !knows(mine, one),
    )
    if (other !== undefined) return `device ${claim.name} may be the same as ${other.name}`
  }
  return undefined
}

function devices(claims: Claims): readonly Claim[] {
  return claims.claims.filter((claim) => claim.kind === 'device')
}
