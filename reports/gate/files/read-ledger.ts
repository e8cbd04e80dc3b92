// Past decisions, as far as a new one depends on them: when an image came to the channel below, and how often a waiver was
// used. Taken from the folder where decisions are kept.

import type { KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../../harness/errors.ts'
import type { Decision } from '../decision.ts'
import { parseDecision } from '../decision-text.ts'
import { DECISION_FILE, VSA_FILE } from '../evidence-files.ts'
import { sha256Of } from '../input-file.ts'
import { checkSignatures, readEnvelope } from '../statement/envelope.ts'
import type { LedgerEntry } from '../view.ts'
import { findDecisions } from './evidence-folder.ts'

export interface PastDecision {
  readonly folder: string
  readonly decision: Decision
  readonly entry: LedgerEntry
}

export interface Ledger {
  readonly decisions: readonly PastDecision[]
  /** Folders whose decision does not count, and why. */
  readonly warnings: readonly string[]
}

/** Reads all of a folder. With a key only decisions that it signed count. */
export async function readLedger(root: string, key: KeyObject | undefined): Promise<Ledger> {
  const decisions: PastDecision[] = []
  const warnings: string[] = []
  for (const folder of await findDecisions(root)) {
    try {
      const bytes = await readFile(join(folder, DECISION_FILE))
      const sha256 = sha256Of(bytes)
      const decision = parseDecision(bytes.toString('utf8'), join(folder, DECISION_FILE))
      const why = key === undefined ? undefined : await unsigned(folder, sha256, key)
      if (why === undefined) decisions.push({ folder, decision, entry: entryOf(decision, sha256) })
      else warnings.push(`the past decision ${folder} does not count: ${why}`)
    } catch (error) {
      warnings.push(`the past decision ${folder} does not count: ${messageOf(error)}`)
    }
  }
  return { decisions, warnings }
}

/** Those that a decision about these images depends on. */
export function relevantEntries(
  { decisions }: Ledger,
  about: {
    readonly channel: string
    readonly images: readonly string[]
    readonly now: string
    readonly soakChannel: string | undefined
    readonly waivers: readonly string[]
  },
): readonly LedgerEntry[] {
  const own = JSON.stringify([about.channel, about.images.toSorted()])
  return decisions
    .map(({ entry }) => entry)
    .filter(({ decidedAt }) => Date.parse(decidedAt) <= Date.parse(about.now))
    .filter((entry) => {
      // What was decided before about the same question decides nothing now.
      if (JSON.stringify([entry.channel, entry.images.toSorted()]) === own) return false
      const isBelow =
        entry.channel === about.soakChannel && about.images.some((digest) => entry.images.includes(digest))
      return isBelow || entry.waivers.some((id) => about.waivers.includes(id))
    })
}

function entryOf(decision: Decision, sha256: string): LedgerEntry {
  const { channel, digests, decidedAt, waivers } = decision
  return {
    decision: sha256,
    ruling: decision.decision,
    channel,
    images: digests,
    decidedAt,
    waivers: waivers.filter(({ state }) => state === 'applied').map(({ id }) => id),
  }
}

/** Why its summary is not one that the key signed for this decision. */
async function unsigned(folder: string, sha256: string, key: KeyObject): Promise<string | undefined> {
  const text = await readFile(join(folder, VSA_FILE), 'utf8').catch(() => undefined)
  if (text === undefined) return 'it is not signed'
  const { envelope, statement } = readEnvelope(text, VSA_FILE)
  if (checkSignatures(envelope, new Map([['key', key]])).signedBy.length === 0)
    return 'it is not signed by this key'
  return JSON.stringify(statement.predicate).includes(sha256)
    ? undefined
    : 'its signature is of another decision'
}
