// The evidence of a decision as files: decision.json, its inputs by their sha256, its signed statements. Pure; the folder is
// written and read elsewhere.

import type { KeyObject } from 'node:crypto'
import { assemble, type DecisionRequest } from './assemble.ts'
import { decide } from './decide/decide.ts'
import type { Decision } from './decision.ts'
import { decisionText } from './decision-text.ts'
import { sha256Of, type InputFile } from './input-file.ts'
import { signStatement } from './statement/envelope.ts'
import { testResults } from './statement/test-result.ts'
import { verificationSummary, type AttestationFile } from './statement/verification-summary.ts'
import type { DecisionView } from './view.ts'

export const DECISION_FILE = 'decision.json'
export const INPUTS_FOLDER = 'inputs'
export const ATTESTATIONS_FOLDER = 'attestations'
export const VSA_FILE = `${ATTESTATIONS_FOLDER}/vsa.dsse.json`

/** Relative posix paths and what is in them. */
export type EvidenceFiles = ReadonlyMap<string, Uint8Array>

export interface Decided {
  readonly decision: Decision
  /** The sha256 of decision.json: what it is called by. */
  readonly sha256: string
  readonly files: EvidenceFiles
}

/** Decides, and makes the files that prove it. Signed when there is a private key. */
export function decideWithEvidence(
  request: DecisionRequest,
  inputs: readonly InputFile[],
  key: KeyObject | undefined,
): Decided {
  const view = assemble(request, inputs)
  const decision = decide(view)
  const text = Buffer.from(decisionText(decision))
  const sha256 = sha256Of(text)
  return {
    decision,
    sha256,
    files: new Map<string, Uint8Array>([
      [DECISION_FILE, text],
      ...inputs.map(({ input, bytes }) => [`${INPUTS_FOLDER}/${input.sha256}`, bytes] as const),
      ...(key === undefined ? [] : attestations(view, decision, sha256, key)),
    ]),
  }
}

function attestations(
  view: DecisionView,
  decision: Decision,
  sha256: string,
  key: KeyObject,
): readonly (readonly [string, Uint8Array])[] {
  const results = testResults(view, decision).map(
    ({ target, statement }, index) =>
      [testResultFile(target, index), Buffer.from(signStatement(statement, [key]))] as const,
  )
  const files = results.map(([name, bytes]): AttestationFile => ({ name, sha256: sha256Of(bytes) }))
  const summary = signStatement(verificationSummary(decision, sha256, files), [key])
  return [...results, [VSA_FILE, Buffer.from(summary)]]
}

/** Names of targets may hold anything; two that become the same are told apart by their place in the order. */
export function testResultFile(target: string, index: number): string {
  const safe = target.replaceAll(/[^A-Za-z0-9._-]+/g, '_').replace(/^\.+/, '_')
  return `${ATTESTATIONS_FOLDER}/${String(index + 1).padStart(2, '0')}-${safe}.test-result.dsse.json`
}
