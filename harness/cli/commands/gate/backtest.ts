// `signalbox gate backtest`: another policy over the decisions of the past.

import { oneLine } from '../../../hostile-text.ts'
import {
  backtest,
  findDecisions,
  readEvidence,
  readPolicyFiles,
  spanText,
  type Requirement,
} from '../../../../reports/gate/index.ts'
import { clockOf, needed, spanOfFlag } from '../../gate-flags.ts'

interface Changed {
  readonly folder: string
  readonly version: string
  readonly before: string
  readonly after: string
  readonly added: readonly Requirement[]
  readonly removed: readonly Requirement[]
}

/** The action of `gate backtest`; exits 1 when the policy would change a decision. */
export async function gateBacktest(given: Readonly<Record<string, unknown>>): Promise<number> {
  const flags = given as { policy?: string; since: string; now?: string; output: string; json: boolean }
  const { policy, files } = await readPolicyFiles(needed(flags.policy, '--policy FILE'))
  const sinceMs = spanOfFlag(flags.since, '--since')
  const fromMs = Date.parse(clockOf(flags.now)) - sinceMs
  const results: Changed[] = []
  const unusable: { readonly folder: string; readonly message: string }[] = []
  for (const folder of await findDecisions(flags.output)) {
    const result = backtest(await readEvidence(folder), files)
    if (result.kind === 'unusable') {
      unusable.push({ folder, message: result.message })
      continue
    }
    const { before, after, added, removed } = result
    if (Date.parse(before.decidedAt) < fromMs) continue
    const version = before.images[0]?.version ?? ''
    results.push({ folder, version, before: before.decision, after: after.decision, added, removed })
  }
  const changed = results.filter(({ before, after }) => before !== after)
  if (flags.json) process.stdout.write(`${JSON.stringify({ decisions: results, unusable }, undefined, 2)}\n`)
  else {
    const span = spanText(sinceMs)
    const lines = [
      `${changed.length} of ${results.length} decisions for ${policy.channel} of the last ${span} would be others`,
      ...changed.flatMap(changeLines),
    ]
    process.stdout.write(`${lines.join('\n')}\n`)
  }
  for (const { folder, message } of unusable)
    process.stderr.write(`warning: ${folder} was left out: ${oneLine(message)}\n`)
  return changed.length === 0 ? 0 : 1
}

function changeLines({ folder, version, before, after, added, removed }: Changed): readonly string[] {
  const why = (sign: string, requirements: readonly Requirement[]): readonly string[] =>
    requirements.slice(0, 5).map(({ kind, message }) => `      ${sign} ${kind}: ${oneLine(message, 200)}`)
  return [
    '',
    `  ${oneLine(version, 60)}: ${before} -> ${after}   (${folder})`,
    ...why('+', added),
    ...why('-', removed),
  ]
}
