// `signalbox gate decide`: gathers the inputs, decides, keeps the evidence. What decides is in reports/gate, and pure.

import {
  decideWithEvidence,
  decisionLines,
  decisionText,
  readPolicyFiles,
  readRuns,
  readStatements,
  runsOf,
  writeEvidence,
  type Decision,
} from '../../../../reports/gate/index.ts'
import { clockOf, needed, privateKeyAt } from '../../gate-flags.ts'
import { chooseImages } from '../../gate-images.ts'
import { gatherHistory, gatherLedger } from '../../gate-past.ts'

export interface DecideFlags {
  readonly channel?: string
  readonly image?: readonly string[]
  readonly runs?: readonly string[]
  readonly policy?: string
  readonly baseline?: readonly string[]
  readonly waivers?: readonly string[]
  readonly approvals?: readonly string[]
  readonly attestations?: readonly string[]
  readonly canary?: string
  readonly key?: string
  readonly now?: string
  readonly output: string
  readonly json: boolean
}

/** The action of `gate decide`; exits 0 for promote, 1 for hold, 2 for need-more-results. */
export async function gateDecide(given: Readonly<Record<string, unknown>>): Promise<number> {
  const flags = given as unknown as DecideFlags
  const channel = needed(flags.channel, '--channel NAME')
  const policyPath = needed(flags.policy, '--policy FILE')
  const wanted = needed(flags.image, '--image DIGEST, VERSION or PATH')
  const now = clockOf(flags.now)
  const key = await privateKeyAt(flags.key)
  const { policy, files } = await readPolicyFiles(policyPath)
  const runs = await readRuns('run', needed(flags.runs, '--runs PATH'))
  const waivers = await readStatements('waiver', flags.waivers ?? [])
  const images = await chooseImages(wanted, runs.flatMap(runsOf))
  const ledger = await gatherLedger({ root: flags.output, key, channel, images, now, policy, waivers })
  for (const warning of ledger.warnings) process.stderr.write(`warning: ${warning}\n`)
  const inputs = [
    ...files,
    ...runs,
    ...(await readRuns('baseline', flags.baseline ?? [])),
    ...(await gatherHistory({ flags: given, policy, runs, now })),
    ...waivers,
    ...(await readStatements('approval', flags.approvals ?? [])),
    ...(await readStatements('attestation', flags.attestations ?? [])),
    ...(await readStatements('canary', flags.canary === undefined ? [] : [flags.canary])),
    ...ledger.files,
  ]
  const decided = decideWithEvidence({ channel, images, now }, inputs, key)
  const folder = await writeEvidence(flags.output, decided)
  if (flags.json) process.stdout.write(decisionText(decided.decision))
  else {
    const signed = key === undefined ? ' (not signed: no --key was given)' : ''
    const lines = [...decisionLines(decided.decision), '', `Evidence: ${folder}${signed}`]
    process.stdout.write(`${lines.join('\n')}\n`)
  }
  return exitCodeOf(decided.decision)
}

function exitCodeOf({ decision }: Decision): number {
  switch (decision) {
    case 'promote':
      return 0
    case 'hold':
      return 1
    case 'need-more-results':
      return 2
    default:
      return decision satisfies never
  }
}
