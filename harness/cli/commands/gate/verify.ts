// `signalbox gate verify`: whether a decision is what its evidence gives, and signed.

import { oneLine } from '../../../hostile-text.ts'
import { readEvidence, verifyEvidence } from '../../../../reports/gate/index.ts'
import { publicKeyAt } from '../../gate-flags.ts'

/** The action of `gate verify <folder>`; exits 1 when anything deviates. */
export async function gateVerify(
  flags: Readonly<Record<string, unknown>>,
  positional: readonly unknown[],
): Promise<number> {
  const [folder] = positional as readonly [string]
  const key = await publicKeyAt(flags['key'] as string | undefined)
  const { decision, sha256, deviations, signed } = verifyEvidence(await readEvidence(folder), key)
  const code = deviations.length === 0 ? 0 : 1
  if (flags['json'] === true) {
    const ruling = decision?.decision ?? null
    process.stdout.write(
      `${JSON.stringify({ verified: code === 0, signed, decision: ruling, sha256, deviations }, undefined, 2)}\n`,
    )
    return code
  }
  const lines =
    code === 0
      ? [
          oneLine(decision?.summary ?? ''),
          `verified: the evidence gives this decision, byte for byte (sha256:${sha256})`,
          signed ? 'signed by this key' : 'signatures were not checked: no --key was given',
        ]
      : [
          `NOT VERIFIED: ${deviations.length} ${deviations.length === 1 ? 'thing deviates' : 'things deviate'}`,
          ...deviations.map(
            ({ code: what, file, message }) => `  ${oneLine(file, 200)}: ${what}: ${oneLine(message, 400)}`,
          ),
        ]
  process.stdout.write(`${lines.join('\n')}\n`)
  return code
}
