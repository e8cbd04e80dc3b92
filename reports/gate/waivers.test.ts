// Waivers: when one has an effect, and why it has none. Signed and checked with real keys.

import { createPublicKey } from 'node:crypto'
import { expect, it } from 'vitest'
import { assemble } from './assemble.ts'
import { decide } from './decide/decide.ts'
import type { Decision } from './decision.ts'
import { DIGEST, NOW, OTHER_DIGEST, recordOf, recordText, type RecordOptions } from './gate.test.data.ts'
import { inputFile, type InputFile } from './input-file.ts'
import { ledgerText } from './parse-inputs.ts'
import { signStatement } from './statement/envelope.ts'
import { generateKeys, readPrivateKey } from './statement/keys.ts'
import { waiverStatement, type Waiver } from './statement/waiver.ts'
import type { LedgerEntry } from './view.ts'

const people = Object.fromEntries(
  ['alice', 'bob', 'mallory'].map((name) => [name, readPrivateKey(generateKeys().privateKey, name)]),
)
const keyOf = (name: string) => people[name] ?? expect.unreachable()
const publicOf = (name: string): string =>
  createPublicKey(keyOf(name)).export({ type: 'spki', format: 'pem' }).toString()

const indented = (pem: string): string => pem.trimEnd().replaceAll('\n', '\n    ')
const policy = (waivers = 'waivers: { from: [alice, bob, alias], atMost: 60d }'): string => `version: 1
channel: beta
rules:
  - { name: all, require: any-attempt }
${waivers}
signers:
  alice: |
    ${indented(publicOf('alice'))}
  bob: |
    ${indented(publicOf('bob'))}
  # Another name of the same person.
  alias: |
    ${indented(publicOf('alice'))}
`

const target = 'qemu-x86_64-uefi-alpha'
const failing: RecordOptions = { tests: { a: ['F:cannot mount /var'], b: ['P'] } }
const fingerprint = recordOf(failing).tests[0]?.attempts[0]?.fingerprint ?? ''

const waiver: Waiver = {
  test: 'a',
  target,
  fingerprint,
  reason: 'the mount is slow',
  tracker: 'https://example.org/issues/1',
  author: 'alice',
  approver: 'bob',
  created: '2026-02-20T00:00:00Z',
  expires: '2026-04-01T00:00:00Z',
  maximumUses: 2,
}

const signed = (change: Partial<Waiver> = {}, by: readonly string[] = ['alice', 'bob']): InputFile =>
  inputFile('waiver', 'w.json', signStatement(waiverStatement({ ...waiver, ...change }), by.map(keyOf)))

function decided(
  waivers: readonly InputFile[],
  run = failing,
  more: readonly InputFile[] = [],
  text = policy(),
): Decision {
  const files = [
    inputFile('policy', 'beta.yaml', text),
    inputFile('run', 'run.json', recordText(run)),
    ...waivers,
    ...more,
  ]
  return decide(assemble({ channel: 'beta', images: [DIGEST], now: NOW }, files))
}

it('a waiver of two people lets the failure pass that it is bound to, and says so', () => {
  expect(decided([]).decision).toBe('hold')
  const decision = decided([signed()])
  expect(decision.decision).toBe('promote')
  expect(decision.summary).toBe('promote 4500.1.0 to beta: 1 of 2 cells are as the policy asks, 1 is waived')
  expect(decision.waived).toMatchObject([{ kind: 'failed', test: 'a', fingerprints: [fingerprint] }])
  expect(decision.waived[0]?.waivers).toEqual([decision.waivers[0]?.id])
  expect(decision.waivers).toMatchObject([{ state: 'applied', tracker: waiver.tracker }])
})

it.each<[string, Partial<Waiver>, readonly string[], string, RegExp]>([
  ['expired', { expires: '2026-03-01T12:00:00Z' }, ['alice', 'bob'], 'expired', /expired on 2026-03-01/],
  [
    'too long',
    { expires: '2026-06-01T00:00:00Z' },
    ['alice', 'bob'],
    'not-admitted',
    /for 101 days.*60 days/,
  ],
  ['by its own author', { approver: 'alice' }, ['alice'], 'self-approved', /another person/],
  ['by its author under another name', { approver: 'alias' }, ['alice'], 'self-approved', /another person/],
  ['not approved yet', {}, ['alice'], 'not-approved', /approver bob has not signed/],
  ['approved and not written', {}, ['bob'], 'not-approved', /author alice has not signed/],
  ['approved by a stranger', {}, ['alice', 'mallory'], 'bad-signature', /wrong, or of a key/],
  [
    'of people whom the policy does not know',
    { author: 'mallory' },
    ['mallory', 'bob'],
    'unknown-signer',
    /mallory/,
  ],
  [
    'of another failure',
    { fingerprint: 'f1-0000000000000000' },
    ['alice', 'bob'],
    'other-failure',
    /fails otherwise/,
  ],
  ['of a test that passed', { test: 'b' }, ['alice', 'bob'], 'not-needed', /can be removed/],
  ['of no test', { test: 'c' }, ['alice', 'bob'], 'no-such-test', /no run/],
  ['of another target', { target: 'aws' }, ['alice', 'bob'], 'no-such-test', /no run/],
])('a waiver %s has no effect, and that is said', (_, change, by, state, message) => {
  const decision = decided([signed(change, by)])
  expect(decision.decision).toBe('hold')
  expect(decision.waivers).toMatchObject([{ state }])
  expect(decision.waivers[0]?.message).toMatch(message)
})

it('a waiver that nobody signed is no signed statement, and nothing is decided with it', () => {
  expect(() => decided([signed({}, [])])).toThrow(/w\.json is no DSSE envelope/)
})

it('a signature over other words is no signature', () => {
  const right = JSON.parse(Buffer.from(signed().bytes).toString()) as { payload: string }
  const other = JSON.parse(Buffer.from(signed({ test: 'b' }).bytes).toString()) as { payload: string }
  const forged = inputFile('waiver', 'w.json', JSON.stringify({ ...other, payload: right.payload }))
  expect(decided([forged]).waivers).toMatchObject([{ state: 'bad-signature' }])
})

it('a test that also fails in another way is not waived', () => {
  const decision = decided([signed()], { tests: { a: ['F:cannot mount /var', 'F:sshd does not answer'] } })
  expect(decision.decision).toBe('hold')
  expect(decision.waivers).toMatchObject([{ state: 'other-failure' }])
})

it('a policy that says nothing of waivers admits none', () => {
  expect(decided([signed()], failing, [], policy('')).waivers).toMatchObject([{ state: 'not-admitted' }])
})

it('a waiver is used up by promotions of other images, however often it was signed since', () => {
  const { id = '' } = decided([signed()]).waivers[0] ?? {}
  const entry = (
    image: string,
    channel = 'beta',
    ruling: LedgerEntry['ruling'] = 'promote',
  ): LedgerEntry => ({
    decision: `${image}${channel}${ruling}`,
    ruling,
    channel,
    images: [image],
    decidedAt: '2026-02-25T00:00:00Z',
    waivers: [id],
  })
  const after = (...entries: readonly LedgerEntry[]): Decision =>
    decided([signed({}, ['bob', 'alice'])], failing, [
      inputFile('ledger', 'ledger.json', ledgerText(entries)),
    ])
  // The same image again, and what was held, are no further uses.
  const unused = [entry(DIGEST), entry(OTHER_DIGEST, 'beta', 'hold'), entry(OTHER_DIGEST)]
  expect(after(...unused).decision).toBe('promote')
  const used = after(entry(OTHER_DIGEST), entry(`sha256:${'12'.repeat(32)}`))
  expect(used.decision).toBe('hold')
  expect(used.waivers).toMatchObject([
    { state: 'used-up', message: 'it was for 2 promotions and was used for 2' },
  ])
})

it('what is missing or was lost cannot be waived', () => {
  const decision = decided([signed()], { tests: { a: ['I'], b: ['P'] } })
  expect(decision.decision).toBe('need-more-results')
  expect(decision.waived).toEqual([])
})
