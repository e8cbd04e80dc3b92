// Evidence: it gives its decision byte for byte, and one changed byte of anything in it is noticed and named.

import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { backtest } from './backtest.ts'
import { decideWithEvidence, type EvidenceFiles } from './evidence-files.ts'
import { findDecisions, readEvidence, writeEvidence } from './files/evidence-folder.ts'
import { readLedger, relevantEntries } from './files/read-ledger.ts'
import { DIGEST, NOW, OTHER_DIGEST, runFile, recordText } from './gate.test.data.ts'
import { inputFile, sha256Of, type InputFile } from './input-file.ts'
import { historyText, ledgerText } from './parse-inputs.ts'
import { promotionOf } from './promote/promotion.ts'
import { approvalStatement } from './statement/approval.ts'
import { readEnvelope, signStatement } from './statement/envelope.ts'
import { generateKeys, readPrivateKey, readPublicKey } from './statement/keys.ts'
import { digestSet, makeStatement } from './statement/statement.ts'
import { waiverStatement } from './statement/waiver.ts'
import { verifyEvidence } from './verify.ts'

const pair = generateKeys()
const privateKey = readPrivateKey(pair.privateKey, 'ci.pem')
const publicKey = readPublicKey(pair.publicKey, 'ci.pub')
const stranger = readPublicKey(generateKeys().publicKey, 'other.pub')
const alice = generateKeys()
const aliceKey = readPrivateKey(alice.privateKey, 'alice.pem')

const policy = `version: 1
channel: beta
rules:
  - { name: all, require: first-attempt, flakes: { atMost: 50% } }
metrics:
  - { name: boots, metric: boot.running, atMostMore: 10% }
soak: { channel: alpha, atLeast: 1d, canary: { errorRateAtMost: 1% } }
signers: { alice: keys/alice.pub, build: keys/alice.pub }
waivers: { from: [alice, build] }
approvals: { atLeast: 1, from: [alice] }
attestations:
  - { name: built, predicateType: https://slsa.dev/provenance/v1, signedBy: [build] }
`

const request = { channel: 'beta', images: [DIGEST], now: NOW }

/** One input of every kind. */
const inputs: readonly InputFile[] = [
  inputFile('policy', 'beta.yaml', policy),
  inputFile('signer', 'keys/alice.pub', alice.publicKey),
  runFile({ tests: { a: ['M100'], b: ['P'] } }),
  inputFile(
    'baseline',
    'old/run.json',
    recordText({ run: 'old', digest: OTHER_DIGEST, channel: 'beta', tests: { a: ['M100'] } }),
  ),
  inputFile(
    'history',
    'history.json',
    historyText(
      ['a', 'b'].map((test) => ({
        run: 'r0',
        at: '2026-02-20T00:00:00Z',
        place: 'qemu-x86_64-uefi',
        test,
        trials: 20,
        flakes: 1,
      })),
    ),
  ),
  inputFile(
    'ledger',
    'ledger.json',
    ledgerText([
      {
        decision: '11'.repeat(32),
        ruling: 'promote',
        channel: 'alpha',
        images: [DIGEST],
        decidedAt: '2026-02-01T00:00:00Z',
        waivers: [],
      },
    ]),
  ),
  inputFile(
    'waiver',
    'w.json',
    signStatement(
      waiverStatement({
        test: 'b',
        target: 'qemu-x86_64-uefi-alpha',
        fingerprint: 'f1-0123456789abcdef',
        reason: 'r',
        tracker: 't',
        author: 'alice',
        approver: 'build',
        created: '2026-02-20T00:00:00Z',
        expires: '2026-04-01T00:00:00Z',
        maximumUses: 1,
      }),
      [aliceKey],
    ),
  ),
  inputFile(
    'approval',
    'a.json',
    signStatement(approvalStatement({ channel: 'beta', created: NOW }, [DIGEST]), [aliceKey]),
  ),
  inputFile(
    'attestation',
    'p.json',
    signStatement(
      makeStatement([{ digest: digestSet(DIGEST) }], 'https://slsa.dev/provenance/v1', { builder: 'ci' }),
      [aliceKey],
    ),
  ),
  inputFile('canary', 'canary.json', '{"channel":"alpha","version":"4500.1.0","instances":500,"errors":1}'),
]

const decided = decideWithEvidence(request, inputs, privateKey)

it('the inputs of every kind together promote', () => {
  expect(decided.decision.unsatisfied).toEqual([])
  expect(decided.decision.decision).toBe('promote')
  expect(new Set(decided.decision.inputs.map(({ kind }) => kind)).size).toBe(10)
})

it('the same inputs give the same bytes, in whatever order, signatures included', () => {
  const again = decideWithEvidence(request, inputs.toReversed(), privateKey)
  expect(again.sha256).toBe(decided.sha256)
  for (const [name, bytes] of decided.files)
    expect(Buffer.from(again.files.get(name) ?? []).equals(Buffer.from(bytes)), name).toBe(true)
})

it('is verified with its key, without one unsigned, and not with another', () => {
  expect(verifyEvidence(decided.files, publicKey)).toMatchObject({ deviations: [], signed: true })
  expect(verifyEvidence(decided.files, undefined)).toMatchObject({ deviations: [], signed: false })
  const other = verifyEvidence(decided.files, stranger)
  expect(other.signed).toBe(false)
  expect(other.deviations.map(({ code }) => code)).toEqual(['signature-wrong', 'signature-wrong'])
})

it('ECDSA keys sign too', () => {
  const { privateKey: key, publicKey: half } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  expect(verifyEvidence(decideWithEvidence(request, inputs, key).files, half)).toMatchObject({
    deviations: [],
    signed: true,
  })
})

const changed = (file: string, change: (bytes: Buffer) => Buffer): EvidenceFiles =>
  new Map(
    [...decided.files].map(([name, bytes]) => [name, name === file ? change(Buffer.from(bytes)) : bytes]),
  )

describe('one changed byte of an input is noticed and named', () => {
  it.each(inputs.map(({ input }) => [input.kind, input] as const))('%s', (kind, { sha256, name, bytes }) => {
    const file = `inputs/${sha256}`
    for (const at of [0, Math.floor(bytes / 2), bytes - 1]) {
      const flipped = changed(file, (content) => {
        content.writeUInt8(content.readUInt8(at) ^ 1, at)
        return content
      })
      for (const key of [publicKey, undefined]) {
        const { deviations, signed } = verifyEvidence(flipped, key)
        expect(signed).toBe(false)
        expect(deviations).toEqual([
          { code: 'input-changed', file, message: expect.stringContaining(`${kind} ${name}`) },
        ])
      }
    }
    const without = new Map(decided.files)
    without.delete(file)
    expect(verifyEvidence(without, publicKey).deviations).toMatchObject([{ code: 'input-missing', file }])
  })
})

describe('one changed byte of what was made is noticed and named', () => {
  it.each([...decided.files.keys()].filter((name) => !name.startsWith('inputs/')))('%s', (file) => {
    const { length } = decided.files.get(file) ?? Buffer.alloc(0)
    for (const at of [0, 1, Math.floor(length / 3), Math.floor(length / 2), length - 2, length - 1]) {
      const flipped = changed(file, (content) => {
        content.writeUInt8(content.readUInt8(at) ^ 1, at)
        return content
      })
      const { deviations, signed } = verifyEvidence(flipped, publicKey)
      expect(signed, `byte ${at}`).toBe(false)
      expect(
        deviations.map((each) => each.file),
        `byte ${at}`,
      ).toContain(file)
    }
  })

  it('and so is a file that was added, taken away or moved', () => {
    const more = new Map([...decided.files, ['inputs/extra', Buffer.from('x')]])
    expect(verifyEvidence(more, publicKey).deviations).toMatchObject([{ code: 'input-unknown' }])
    const statement = new Map([...decided.files, ['attestations/extra.json', Buffer.from('{}')]])
    expect(verifyEvidence(statement, publicKey).deviations).toMatchObject([{ code: 'attestation-unknown' }])
    const bare = new Map([...decided.files].filter(([name]) => !name.startsWith('attestations/')))
    expect(verifyEvidence(bare, publicKey)).toMatchObject({ signed: false })
    expect(verifyEvidence(bare, publicKey).deviations.map(({ code }) => code)).toEqual([
      'signature-missing',
      'signature-missing',
    ])
  })
})

it('a decision that its inputs do not give is not verified, whoever signed the rest', () => {
  const text = Buffer.from(decided.files.get('decision.json') ?? []).toString()
  for (const [from, to] of [
    ['"decision": "promote"', '"decision": "hold"'],
    [NOW, '2026-03-01T12:00:01.000Z'],
    ['"channel": "beta"', '"channel": "stable"'],
  ] as const) {
    const forged = changed('decision.json', () => Buffer.from(text.replaceAll(from, to)))
    const { deviations } = verifyEvidence(forged, publicKey)
    expect(deviations.length, to).toBeGreaterThan(0)
    expect(promotionOf(verifyEvidence(forged, publicKey))).toMatch(/cannot be verified/)
  }
})

it('only what is verified, signed and says "promote" is a promotion', () => {
  expect(promotionOf(verifyEvidence(decided.files, publicKey))).toMatchObject({
    id: decided.sha256,
    channel: 'beta',
    version: '4500.1.0',
    images: [DIGEST],
  })
  expect(promotionOf(verifyEvidence(decided.files, undefined))).toBe('the decision is not signed by this key')
  const held = decideWithEvidence({ ...request, now: '2026-02-01T12:00:00.000Z' }, inputs, privateKey)
  expect(promotionOf(verifyEvidence(held.files, publicKey))).toBe('the decision is "need-more-results"')
})

const payloadOf = (file: string) =>
  readEnvelope(Buffer.from(decided.files.get(file) ?? []).toString(), file).statement

it('signs a Test Result v0.1 for each target and a Verification Summary v1, which names all that was used', () => {
  const file = 'attestations/01-qemu-x86_64-uefi-alpha.test-result.dsse.json'
  const result = payloadOf(file)
  expect(result).toMatchObject({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'reference-4500.1.0-x86_64', digest: digestSet(DIGEST) }],
    predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
    predicate: { result: 'PASSED', passedTests: ['a', 'b'], warnedTests: [], failedTests: [] },
  })
  const summary = payloadOf('attestations/vsa.dsse.json')
  expect(summary).toMatchObject({
    predicateType: 'https://slsa.dev/verification_summary/v1',
    subject: [{ digest: digestSet(DIGEST) }],
    predicate: {
      verifier: { id: 'urn:signalbox:gate' },
      timeVerified: NOW,
      resourceUri: 'pkg:generic/reference@4500.1.0?channel=beta',
      policy: { uri: 'beta.yaml', digest: { sha256: sha256Of(Buffer.from(policy)) } },
      verificationResult: 'PASSED',
      verifiedLevels: ['SIGNALBOX_CHANNEL_BETA'],
    },
  })
  const listed = summary.predicate['inputAttestations'] as readonly { readonly digest: { sha256: string } }[]
  const used = inputs.filter(({ input }) => ['waiver', 'approval', 'attestation'].includes(input.kind))
  expect(listed.map(({ digest }) => digest.sha256).toSorted()).toEqual(
    [
      sha256Of(decided.files.get(file) ?? Buffer.from('')),
      ...used.map(({ input }) => input.sha256),
    ].toSorted(),
  )
})

it.each([
  [{ a: ['P'], b: ['F', 'P'] }, 'WARNED', { passedTests: ['a'], warnedTests: ['b'], failedTests: [] }],
  [{ a: ['P'], b: ['F'] }, 'FAILED', { passedTests: ['a'], warnedTests: [], failedTests: ['b'] }],
  [{ a: ['P'], b: [] }, 'FAILED', { passedTests: ['a'] }],
  [{ a: ['P'], b: 'no TPM' }, 'PASSED', { passedTests: ['a'] }],
  [{ a: 'no TPM' }, 'FAILED', { passedTests: [] }],
] as const)('the result of %j is %s', (tests, result, lists) => {
  const plain = 'version: 1\nchannel: beta\nrules: [{ name: all, require: any-attempt }]\n'
  const { files } = decideWithEvidence(
    request,
    [inputFile('policy', 'p.yaml', plain), runFile({ tests })],
    privateKey,
  )
  const file = 'attestations/01-qemu-x86_64-uefi-alpha.test-result.dsse.json'
  const { statement } = readEnvelope(Buffer.from(files.get(file) ?? []).toString(), file)
  expect(statement.predicate).toMatchObject({ result, ...lists })
})

it.each([
  ['an approval of another image', 1, [OTHER_DIGEST], aliceKey, /of another image/],
  ['an approval of a stranger', 1, [DIGEST], privateKey, /no signer of the policy has signed it/],
])('%s has no effect', (_, count, images, key, why) => {
  const approval = inputFile(
    'approval',
    'b.json',
    signStatement(approvalStatement({ channel: 'beta', created: NOW }, images), [key]),
  )
  const others = inputs.filter(({ input }) => input.kind !== 'approval')
  const { decision } = decideWithEvidence(request, [...others, approval], undefined)
  expect(decision.unsatisfied.filter(({ kind }) => kind === 'approval')).toHaveLength(count)
  expect(decision.notes.map(({ message }) => message).join()).toMatch(why)
})

it('an attestation with a wrong signature does not count, and that is said', () => {
  const forged = inputFile(
    'attestation',
    'f.json',
    signStatement(makeStatement([{ digest: digestSet(DIGEST) }], 'https://slsa.dev/provenance/v1', {}), [
      privateKey,
    ]),
  )
  const others = inputs.filter(({ input }) => input.kind !== 'attestation')
  const { decision } = decideWithEvidence(request, [...others, forged], undefined)
  expect(decision.unsatisfied.map(({ message }) => message)).toEqual([
    expect.stringMatching(/signed by build: the signature of one that was given is wrong$/),
  ])
})

describe('in a folder', () => {
  const root = mkdtempSync(join(tmpdir(), 'signalbox-evidence-'))
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  it('is written whole, found again, and is a past decision for others', async () => {
    const folder = await writeEvidence(root, decided)
    expect(folder).toMatch(new RegExp(`/20260301-120000-beta-${decided.sha256.slice(0, 12)}$`))
    expect(await writeEvidence(root, decided)).toBe(folder)
    expect(await findDecisions(root)).toEqual([folder])
    expect(verifyEvidence(await readEvidence(folder), publicKey)).toMatchObject({
      deviations: [],
      signed: true,
    })
    const about = { channel: 'stable', images: [DIGEST], now: NOW, soakChannel: 'beta', waivers: [] }
    const entries = relevantEntries(await readLedger(root, privateKey), about)
    expect(entries).toMatchObject([{ decision: decided.sha256, ruling: 'promote', channel: 'beta' }])
    const strange = await readLedger(root, stranger)
    expect(strange.decisions).toEqual([])
    expect(strange.warnings).toEqual([expect.stringMatching(/does not count: it is not signed by this key$/)])
    expect(relevantEntries(await readLedger(root, privateKey), { ...about, channel: 'beta' })).toEqual([])
  })

  it('that is not there is said', async () => {
    await expect(readEvidence(join(root, 'nowhere'))).rejects.toThrow(/there is no folder of evidence at/)
    expect(existsSync(join(root, 'nowhere'))).toBe(false)
  })
})

it('another policy over a past decision: what it would have said, of the time of then', () => {
  const stricter = policy.replace('atLeast: 1d', 'atLeast: 60d')
  const keys = inputs.filter(({ input }) => input.kind === 'signer')
  const result = backtest(decided.files, [inputFile('policy', 'new.yaml', stricter), ...keys])
  expect(result).toMatchObject({
    kind: 'decided',
    before: { decision: 'promote' },
    after: { decision: 'need-more-results', decidedAt: NOW },
    added: [{ kind: 'soak' }],
    removed: [],
  })
  expect(backtest(decided.files, [inputFile('policy', 'same.yaml', policy), ...keys])).toMatchObject({
    after: { decision: 'promote' },
    added: [],
  })
  const other = inputFile('policy', 'stable.yaml', policy.replace('channel: beta', 'channel: stable'))
  expect(backtest(decided.files, [other, ...keys])).toMatchObject({ kind: 'unusable' })
})
