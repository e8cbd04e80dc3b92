// What is told to whoever promotes: the decision in short, and its signed summary. Only ever of a decision that was verified
// with a key and says "promote".

import type { Decision } from '../decision.ts'
import { VSA_FILE, type EvidenceFiles } from '../evidence-files.ts'
import type { Verification } from '../verify.ts'

export interface Promotion {
  /** The sha256 of decision.json: the same promotion has the same. */
  readonly id: string
  readonly channel: string
  readonly version: string
  readonly images: readonly string[]
  readonly decidedAt: string
  readonly summary: string
}

/** The promotion that a verification admits, or why it admits none. */
export function promotionOf({ decision, sha256, deviations, signed }: Verification): Promotion | string {
  if (decision === undefined || deviations.length > 0) return 'the decision cannot be verified'
  if (!signed) return 'the decision is not signed by this key'
  if (decision.decision !== 'promote') return `the decision is "${decision.decision}"`
  return { id: sha256, ...shortOf(decision) }
}

function shortOf({ channel, images, digests, decidedAt, summary }: Decision): Omit<Promotion, 'id'> {
  return { channel, version: images[0]?.version ?? '', images: digests, decidedAt, summary }
}

/** As a command finds it in its environment. */
export function promotionEnvironment(promotion: Promotion, folder: string): Readonly<Record<string, string>> {
  return {
    SIGNALBOX_DECISION: promotion.id,
    SIGNALBOX_EVIDENCE: folder,
    SIGNALBOX_CHANNEL: promotion.channel,
    SIGNALBOX_VERSION: promotion.version,
    SIGNALBOX_IMAGES: promotion.images.join(' '),
  }
}

/** As a webhook gets it; `vsa` is the signed Verification Summary, as an envelope. */
export function promotionBody(promotion: Promotion, files: EvidenceFiles): string {
  const vsa = files.get(VSA_FILE)
  const envelope: unknown = vsa === undefined ? null : JSON.parse(Buffer.from(vsa).toString('utf8'))
  return JSON.stringify({ type: 'signalbox.promotion', ...promotion, vsa: envelope })
}
