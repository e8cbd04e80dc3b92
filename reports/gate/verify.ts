// Verifying a decision: its inputs are what it names, it is what they give, byte for byte, and its statements are signed and
// about it. Every deviation is named; nothing is trusted because it is there.

import type { KeyObject } from 'node:crypto'
import { messageOf } from '../../harness/errors.ts'
import { oneLine } from '../../harness/hostile-text.ts'
import { assemble } from './assemble.ts'
import { decide } from './decide/decide.ts'
import type { Decision } from './decision.ts'
import { decisionText, parseDecision } from './decision-text.ts'
import {
  ATTESTATIONS_FOLDER,
  DECISION_FILE,
  INPUTS_FOLDER,
  testResultFile,
  VSA_FILE,
  type EvidenceFiles,
} from './evidence-files.ts'
import { sha256Of, type InputFile } from './input-file.ts'
import { checkSignatures, envelopeText, readEnvelope } from './statement/envelope.ts'
import type { Statement } from './statement/statement.ts'
import { testResults } from './statement/test-result.ts'
import { verificationSummary, type AttestationFile } from './statement/verification-summary.ts'

/** Something that is not as it should be, and where. */
export interface Deviation {
  /** `input-changed`, `input-missing`, `decision-differs`, `signature-wrong`, ... */
  readonly code: string
  /** The file, relative to the folder. */
  readonly file: string
  readonly message: string
}

export interface Verification {
  /** Undefined when there is none that can be read. */
  readonly decision: Decision | undefined
  /** The sha256 of decision.json. */
  readonly sha256: string
  readonly deviations: readonly Deviation[]
  /** Signatures were checked with a key, and are right. */
  readonly signed: boolean
}

/** Verifies evidence. Without a key statements are compared and no signature is checked; `signed` is then false. */
export function verifyEvidence(files: EvidenceFiles, key: KeyObject | undefined): Verification {
  const deviations: Deviation[] = []
  const say = (code: string, file: string, message: string): void =>
    void deviations.push({ code, file, message })
  const bytes = files.get(DECISION_FILE)
  const sha256 = bytes === undefined ? '' : sha256Of(bytes)
  const decision = readDecision(bytes, say)
  if (decision === undefined) return { decision, sha256, deviations, signed: false }
  const inputs = checkInputs(decision, files, say)
  const view = inputs === undefined ? undefined : recompute(decision, inputs, bytes, say)
  const signed = view === undefined ? false : checkStatements({ decision, sha256, view, files, key }, say)
  return { decision, sha256, deviations, signed: signed && deviations.length === 0 }
}

type Say = (code: string, file: string, message: string) => void

function readDecision(bytes: Uint8Array | undefined, say: Say): Decision | undefined {
  if (bytes === undefined) {
    say('decision-missing', DECISION_FILE, 'there is no decision here')
    return undefined
  }
  try {
    return parseDecision(Buffer.from(bytes).toString('utf8'), DECISION_FILE)
  } catch (error) {
    say('decision-unreadable', DECISION_FILE, messageOf(error))
    return undefined
  }
}

/** All inputs, or undefined when one is not what the decision names. */
function checkInputs({ inputs }: Decision, files: EvidenceFiles, say: Say): readonly InputFile[] | undefined {
  const found = inputs.flatMap((input): readonly InputFile[] => {
    const file = `${INPUTS_FOLDER}/${input.sha256}`
    const what = `${input.kind} ${oneLine(input.name, 100)}`
    const bytes = files.get(file)
    if (bytes === undefined) say('input-missing', file, `the ${what} is not there`)
    else if (sha256Of(bytes) !== input.sha256)
      say('input-changed', file, `the ${what} was changed: it is not what was decided on`)
    else if (bytes.length !== input.bytes)
      say('decision-differs', DECISION_FILE, `it says that the ${what} has ${input.bytes} bytes`)
    else return [{ input, bytes }]
    return []
  })
  const known = new Set(inputs.map(({ sha256 }) => `${INPUTS_FOLDER}/${sha256}`))
  for (const file of files.keys())
    if (file.startsWith(`${INPUTS_FOLDER}/`) && !known.has(file))
      say('input-unknown', file, 'no input of the decision is called so')
  return found.length === inputs.length ? found : undefined
}

function recompute(
  decision: Decision,
  inputs: readonly InputFile[],
  bytes: Uint8Array | undefined,
  say: Say,
): ReturnType<typeof assemble> | undefined {
  const { channel, digests, decidedAt } = decision
  try {
    const view = assemble({ channel, images: digests, now: decidedAt }, inputs)
    const text = decisionText(decide(view))
    if (bytes !== undefined && Buffer.from(text).equals(bytes)) return view
    say('decision-differs', DECISION_FILE, firstDifference(Buffer.from(bytes ?? []).toString('utf8'), text))
  } catch (error) {
    say('decision-differs', DECISION_FILE, `its inputs decide nothing: ${messageOf(error)}`)
  }
  return undefined
}

function firstDifference(stored: string, computed: string): string {
  const [there, here] = [stored.split('\n'), computed.split('\n')]
  const line = here.findIndex((text, index) => text !== there[index])
  const at = line < 0 ? here.length : line
  return `its inputs give another one: line ${at + 1} is "${oneLine(there[at] ?? '', 120)}" and should be "${oneLine(here[at] ?? '', 120)}"`
}

interface Checked {
  readonly decision: Decision
  readonly sha256: string
  readonly view: ReturnType<typeof assemble>
  readonly files: EvidenceFiles
  readonly key: KeyObject | undefined
}

function checkStatements({ decision, sha256, view, files, key }: Checked, say: Say): boolean {
  const expected = testResults(view, decision).map(
    ({ target, statement }, index) => [testResultFile(target, index), statement] as const,
  )
  const attested = expected.flatMap(([name]): readonly AttestationFile[] => {
    const bytes = files.get(name)
    return bytes === undefined ? [] : [{ name, sha256: sha256Of(bytes) }]
  })
  const all = [...expected, [VSA_FILE, verificationSummary(decision, sha256, attested)] as const]
  const right = all.map(([name, statement]) => checkStatement(name, statement, files.get(name), key, say))
  const known = new Set(all.map(([name]) => name))
  for (const file of files.keys())
    if (file.startsWith(`${ATTESTATIONS_FOLDER}/`) && !known.has(file))
      say('attestation-unknown', file, 'it is no statement of this decision')
  return right.every((each) => each)
}

function checkStatement(
  file: string,
  expected: Statement,
  bytes: Uint8Array | undefined,
  key: KeyObject | undefined,
  say: Say,
): boolean {
  if (bytes === undefined) {
    if (key !== undefined) say('signature-missing', file, 'the decision is not signed')
    return false
  }
  const text = Buffer.from(bytes).toString('utf8')
  try {
    const { envelope } = readEnvelope(text, file)
    const keys = new Map(key === undefined ? [] : [['key', key]])
    if (key !== undefined && checkSignatures(envelope, keys).signedBy.length === 0)
      say('signature-wrong', file, 'it is not signed by this key, or was changed')
    else if (!envelope.payload.equals(Buffer.from(JSON.stringify(expected))))
      say('statement-differs', file, 'it is signed, but it is not what this decision says')
    else if (envelopeText(envelope) !== text || envelope.signatures.length !== 1)
      say('envelope-changed', file, 'something was added to it or written otherwise')
    else return key !== undefined
  } catch (error) {
    say('statement-unreadable', file, messageOf(error))
  }
  return false
}
