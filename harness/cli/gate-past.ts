// What of the past a decision depends on, cut out and made an input: the history of flakes, earlier decisions.

import type { KeyObject } from 'node:crypto'
import {
  historyText,
  inputFile,
  ledgerText,
  readEnvelope,
  readLedger,
  relevantEntries,
  runsOf,
  sliceHistory,
  type InputFile,
  type Policy,
} from '../../reports/gate/index.ts'
import { withHistory } from './with-history.ts'

/** The rows that the flake budgets of the policy look at; nothing when it has none. */
export async function gatherHistory(of: {
  /** Those that name the history. */
  readonly flags: Readonly<Record<string, unknown>>
  readonly policy: Policy
  readonly runs: readonly InputFile[]
  readonly now: string
}): Promise<readonly InputFile[]> {
  const spans = of.policy.rules.flatMap(({ flakes }) => (flakes === undefined ? [] : [flakes.historyMs]))
  if (spans.length === 0) return []
  const nowMs = Date.parse(of.now)
  const tests = [
    ...new Set(of.runs.flatMap(runsOf).flatMap(({ cells }) => cells.map(({ test }) => test))),
  ].toSorted()
  const span = { tests, sinceMs: nowMs - Math.max(...spans), untilMs: nowMs }
  const rows = await withHistory(of.flags, async (history) => await sliceHistory(history, span))
  return [inputFile('history', 'history.json', historyText(rows))]
}

/** Earlier decisions about soak and used waivers; nothing when none matters. */
export async function gatherLedger(of: {
  readonly root: string
  readonly key: KeyObject | undefined
  readonly channel: string
  readonly images: readonly string[]
  readonly now: string
  readonly policy: Policy
  readonly waivers: readonly InputFile[]
}): Promise<{ readonly files: readonly InputFile[]; readonly warnings: readonly string[] }> {
  if (of.policy.soak === undefined && of.waivers.length === 0) return { files: [], warnings: [] }
  const ledger = await readLedger(of.root, of.key)
  const waivers = of.waivers.map(
    ({ input, bytes }) => readEnvelope(Buffer.from(bytes).toString('utf8'), input.name).payloadSha256,
  )
  const entries = relevantEntries(ledger, { ...of, soakChannel: of.policy.soak?.channel, waivers })
  return {
    files: entries.length === 0 ? [] : [inputFile('ledger', 'ledger.json', ledgerText(entries))],
    warnings: ledger.warnings,
  }
}
