// The board: for each channel what was promoted to it last, and what stands before the next image. Taken from the folder of
// decisions, as the gate itself takes its past from there: an image is in a channel since the first decision "promote" about
// it that no other promotion follows.

import type { Decision } from '../gate/decision.ts'
import type { PastRun } from '../history/index.ts'
import { gateView } from '../html/gate-view.ts'
import { shownLine } from '../html/shown-text.ts'
import type { ChannelState, ImageAt } from './data.ts'
import { compareHref, runHref } from './hrefs.ts'

/** As Flatcar's go: an image comes to the first one first. */
const ORDER = ['alpha', 'beta', 'stable', 'lts']

const PAST = 6

/** All channels that a decision or a run names. */
export function channelStates(
  decisions: readonly Decision[],
  runs: readonly PastRun[],
): readonly ChannelState[] {
  const names = new Set([
    ...decisions.map(({ channel }) => channel),
    ...runs.filter(({ image }) => image !== undefined).map(({ channel }) => channel),
  ])
  return [...names].toSorted(byOrder).map((name) =>
    stateOf(
      name,
      decisions
        .filter(({ channel }) => channel === name)
        .toSorted((a, b) => Date.parse(a.decidedAt) - Date.parse(b.decidedAt)),
      runs.filter(({ channel }) => channel === name),
    ),
  )
}

function stateOf(name: string, decisions: readonly Decision[], runs: readonly PastRun[]): ChannelState {
  const promoted = decisions.findLast(({ decision }) => decision === 'promote')
  const since = promoted === undefined ? undefined : firstOfSame(decisions, promoted)
  const latest = decisions.at(-1)
  const next =
    latest !== undefined && latest.decision !== 'promote' && latest !== promoted ? latest : undefined
  const decided = new Set(decisions.flatMap(({ digests }) => digests))
  const newest = runs.toSorted((a, b) => b.atMs - a.atMs)[0]
  const from = promoted?.digests[0]
  const to = next?.digests[0]
  return {
    name: shownLine(name, 100),
    ...(since === undefined ? {} : { promoted: imageOf(since) }),
    ...(next === undefined
      ? {}
      : {
          next: {
            image: imageOf(next),
            gate: gateView(next),
            ...(from === undefined || to === undefined || from === to
              ? {}
              : { compare: compareHref(from, to) }),
          },
        }),
    ...(newest?.image === undefined || decided.has(newest.image.digest)
      ? {}
      : {
          undecided: {
            version: shownLine(newest.image.version, 100),
            digests: [shownLine(newest.image.digest, 100)],
            at: new Date(newest.atMs).toISOString(),
            href: runHref(newest.run),
          },
        }),
    past: decisions
      .toReversed()
      .slice(0, PAST)
      .map((decision) => ({ ...imageOf(decision), outcome: decision.decision })),
  }
}

/** The first decision of those that promoted the same images, one after the other. */
function firstOfSame(decisions: readonly Decision[], promoted: Decision): Decision {
  const keyOf = ({ digests }: Decision): string => JSON.stringify(digests.toSorted())
  const promotions = decisions.filter(({ decision }) => decision === 'promote')
  const other = promotions.findLastIndex((decision) => keyOf(decision) !== keyOf(promoted))
  return promotions[other + 1] ?? promoted
}

function imageOf({ images, digests, decidedAt }: Decision): ImageAt {
  const versions = new Set(images.map(({ version }) => version))
  return {
    version: versions.size === 0 ? 'unknown version' : shownLine([...versions].join(', '), 100),
    digests: digests.map((digest) => shownLine(digest, 100)),
    at: shownLine(decidedAt, 40),
  }
}

function byOrder(a: string, b: string): number {
  const place = (name: string): number => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length)
  return place(a) - place(b) || (a < b ? -1 : 1)
}
