// The gate: policy, waivers, decision, evidence.

export { assemble, type DecisionRequest, runsOf } from './assemble.ts'
export { backtest, type Backtest } from './backtest.ts'
export { decide } from './decide/decide.ts'
export type {
  Decision,
  DecisionCounts,
  DecisionInput,
  DecisionNote,
  InputKind,
  Requirement,
  RequirementKind,
  RuleResult,
  Ruling,
  WaiverResult,
} from './decision.ts'
export { decisionLines } from './decision-lines.ts'
export { decisionText, parseDecision } from './decision-text.ts'
export { decideWithEvidence, type Decided, DECISION_FILE, type EvidenceFiles } from './evidence-files.ts'
export { DECISIONS_FOLDER, findDecisions, readEvidence, writeEvidence } from './files/evidence-folder.ts'
export { readBytes, readPolicyFiles, readStatements } from './files/read-inputs.ts'
export { type Ledger, type PastDecision, readLedger, relevantEntries } from './files/read-ledger.ts'
export { readRuns } from './files/read-runs.ts'
export { sliceHistory } from './history-slice.ts'
export { inputFile, type InputFile } from './input-file.ts'
export { lintPolicy } from './lint-policy.ts'
export { historyText, ledgerText } from './parse-inputs.ts'
export type { Policy } from './policy.ts'
export { policySchema } from './policy-schema.ts'
export { type PolicyProblem, problemText } from './problem.ts'
export { type Promotion, promotionBody, promotionEnvironment, promotionOf } from './promote/promotion.ts'
export { callWebhook, type WebhookCall, webhookHeaders, type WebhookOptions } from './promote/webhook.ts'
export { shellLine } from './shell-line.ts'
export { spanMs, spanText } from './span.ts'
export { arityOf } from './target-arguments.ts'
export { type Approval, approvalStatement } from './statement/approval.ts'
export { addSignature, envelopeText, readEnvelope, signStatement } from './statement/envelope.ts'
export { generateKeys, keyIdOf, readPrivateKey, readPublicKey } from './statement/keys.ts'
export { type Waiver, waiverOf, waiverStatement } from './statement/waiver.ts'
export { type Deviation, type Verification, verifyEvidence } from './verify.ts'
export type { DecisionView, GateRun } from './view.ts'
