// The bytes of inputs -> what a decision looks at. Pure: deciding anew from stored inputs goes through here too. Whatever is
// no such input is a UsageError that names it; nothing is decided then.

import type { KeyObject } from 'node:crypto'
import { UsageError } from '../../harness/errors.ts'
import { parseRecord } from '../record/index.ts'
import type { InputKind } from './decision.ts'
import { gateRunOf } from './from-record.ts'
import { inOrder, type InputFile } from './input-file.ts'
import { parseCanary, parseHistory, parseLedger } from './parse-inputs.ts'
import type { Policy } from './policy.ts'
import { parsePolicy } from './read-policy.ts'
import { checkSignatures, readEnvelope } from './statement/envelope.ts'
import { keyIdOf, readPublicKey } from './statement/keys.ts'
import { subjectDigests } from './statement/statement.ts'
import type { CheckedStatement, DecisionView, GateRun } from './view.ts'

/** What a decision is asked for. */
export interface DecisionRequest {
  readonly channel: string
  /** Digests. */
  readonly images: readonly string[]
  /** ISO 8601, UTC. */
  readonly now: string
}

/** Reads all inputs. Throws UsageError for one that cannot be read. */
export function assemble(request: DecisionRequest, given: readonly InputFile[]): DecisionView {
  const files = inOrder(given)
  const of = (kind: InputKind): readonly InputFile[] => files.filter(({ input }) => input.kind === kind)
  const policy = readThePolicy(of('policy'), request.channel)
  const keys = signerKeys(policy, of('signer'))
  const checked = (kind: InputKind): readonly CheckedStatement[] =>
    of(kind).map((file) => checkStatement(file, keys))
  const canary = of('canary').map((file) => parseCanary(textOf(file), file.input.name))
  if (canary.length > 1)
    throw new UsageError('only one file of canary figures counts', { code: 'canary-twice' })
  return {
    ...request,
    policy,
    keys: Object.fromEntries([...keys].map(([name, key]) => [name, keyIdOf(key)])),
    runs: of('run').flatMap(runsOf),
    baseline: of('baseline').flatMap(runsOf),
    history: of('history').flatMap((file) => parseHistory(textOf(file), file.input.name)),
    ledger: of('ledger').flatMap((file) => parseLedger(textOf(file), file.input.name)),
    waivers: checked('waiver'),
    approvals: checked('approval'),
    attestations: checked('attestation'),
    ...(canary[0] === undefined ? {} : { canary: canary[0] }),
    inputs: files.map(({ input }) => input),
  }
}

function textOf({ bytes }: InputFile): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

function readThePolicy(files: readonly InputFile[], channel: string): Policy {
  const [file, ...others] = files
  if (file === undefined || others.length > 0)
    throw new UsageError(`${files.length} policies were given; one decides`, { code: 'policy-count' })
  const policy = parsePolicy(textOf(file), file.input.name)
  if (policy.channel !== channel)
    throw new UsageError(
      `the policy ${file.input.name} is for the channel ${policy.channel}, not for ${channel}`,
      { code: 'policy-channel', hint: 'there is one policy a channel' },
    )
  return policy
}

/** Files that the policy names are inputs of their own, by the path that it names them with. */
function signerKeys(policy: Policy, files: readonly InputFile[]): ReadonlyMap<string, KeyObject> {
  return new Map(
    Object.entries(policy.signers).map(([name, value]) => {
      if (isPem(value)) return [name, readPublicKey(value, `the key of ${name} in the policy`)]
      const file = files.find(({ input }) => input.name === value)
      if (file === undefined)
        throw new UsageError(`the key of ${name}, ${value}, is not there`, {
          code: 'signer-missing',
          hint: 'the path is relative to the policy',
        })
      return [name, readPublicKey(textOf(file), value)]
    }),
  )
}

/** Whether a signer of a policy is a key itself, and not the path of one. */
export function isPem(value: string): boolean {
  return value.trimStart().startsWith('-----BEGIN')
}

function checkStatement(file: InputFile, keys: ReadonlyMap<string, KeyObject>): CheckedStatement {
  const { envelope, statement, payloadSha256 } = readEnvelope(textOf(file), file.input.name)
  return {
    sha256: file.input.sha256,
    payloadSha256,
    predicateType: statement.predicateType,
    subjects: subjectDigests(statement),
    predicate: statement.predicate,
    ...checkSignatures(envelope, keys),
  }
}

/** What was read once; a record may be long. */
const known = new WeakMap<InputFile, readonly GateRun[]>()

/** The runs of a record. Throws UsageError for what is none, is cut off or of a newer version. */
export function runsOf(file: InputFile): readonly GateRun[] {
  const before = known.get(file)
  if (before !== undefined) return before
  const { runs } = parseRecord(textOf(file), file.input.name)
  const read = runs.flatMap((run) => gateRunOf(run, file.input.sha256) ?? [])
  known.set(file, read)
  return read
}
