// The decision as a SLSA Verification Summary Attestation, version 1 (slsa.dev/verification_summary/v1): what others check
// before they take an image.

import type { Decision } from '../decision.ts'
import { digestSet, makeStatement, type ResourceDescriptor, type Statement } from './statement.ts'

export const VSA_TYPE = 'https://slsa.dev/verification_summary/v1'

/** Who verified: the gate, whoever's key it signs with. */
const VERIFIER = 'urn:signalbox:gate'

/** Our own field: the decision that this sums up. */
const DECISION = 'urn:signalbox:gate:decision:v1'

/** A signed file, and its digest. */
export interface AttestationFile {
  readonly name: string
  readonly sha256: string
}

/**
 * Sums up a decision. `decisionSha256` is of decision.json; `testResults` are the signed Test Results. All attestations that
 * were used are listed, as the form asks.
 */
export function verificationSummary(
  decision: Decision,
  decisionSha256: string,
  testResults: readonly AttestationFile[],
): Statement {
  const { channel, digests, images, inputs } = decision
  const policy = inputs.find(({ kind }) => kind === 'policy')
  const passed = decision.decision === 'promote'
  const version = images[0]?.version ?? 'unknown'
  const distro = images[0]?.distro ?? 'unknown'
  const used = inputs.filter(({ kind }) => kind === 'waiver' || kind === 'approval' || kind === 'attestation')
  return makeStatement(
    digests.map((digest) => ({ digest: digestSet(digest) })),
    VSA_TYPE,
    {
      verifier: { id: VERIFIER },
      timeVerified: decision.decidedAt,
      resourceUri: `pkg:generic/${encodeURIComponent(distro)}@${encodeURIComponent(version)}?channel=${encodeURIComponent(channel)}`,
      policy: {
        uri: encodeURI(policy?.name ?? 'policy'),
        ...(policy === undefined ? {} : { digest: digestSet(policy.sha256) }),
      },
      inputAttestations: [
        ...testResults.map((file): ResourceDescriptor => descriptorOf(file)),
        ...used.map(({ sha256 }): ResourceDescriptor => descriptorOf({ name: `inputs/${sha256}`, sha256 })),
      ],
      verificationResult: passed ? 'PASSED' : 'FAILED',
      verifiedLevels: [passed ? `SIGNALBOX_CHANNEL_${levelOf(channel)}` : 'FAILED'],
      slsaVersion: '1.0',
      [DECISION]: { decision: decision.decision, digest: { sha256: decisionSha256 } },
    },
  )
}

function descriptorOf({ name, sha256 }: AttestationFile): ResourceDescriptor {
  return { uri: encodeURI(name), digest: { sha256 } }
}

function levelOf(channel: string): string {
  return channel.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')
}
