// The decision, requirement by requirement: what is named, whether it holds, and the command that would satisfy it.

import { expect, it } from 'vitest'
import {
  DIGEST,
  gateRun,
  NOW,
  OTHER_DIGEST,
  recordOf,
  type RecordOptions,
  viewOf,
} from '../gate.test.data.ts'
import { gateRunOf } from '../from-record.ts'
import type { DecisionView } from '../view.ts'
import { decide } from './decide.ts'
import { decided, policy } from './decided.test.data.ts'

const T = 'qemu-x86_64-uefi-alpha'

it.each<[string, string, RecordOptions['tests'], string, readonly string[]]>([
  ['everything passed', 'require: first-attempt', { a: ['P'], b: ['P'] }, 'promote', []],
  ['it failed', 'require: first-attempt', { a: ['F'], b: ['P'] }, 'hold', [`hold failed a ${T}`]],
  ['it failed and passed', 'require: first-attempt', { a: ['F', 'P'] }, 'hold', [`hold flaky a ${T}`]],
  ['it failed and passed', 'require: any-attempt', { a: ['F', 'P'] }, 'promote', []],
  ['it failed twice', 'require: any-attempt', { a: ['F', 'F'] }, 'hold', [`hold failed a ${T}`]],
  ['2 of 3 passed', 'require: 2 of 3', { a: ['P', 'F', 'P'] }, 'promote', []],
  ['1 of 3 passed', 'require: 2 of 3', { a: ['P', 'F', 'F'] }, 'hold', [`hold flaky a ${T}`]],
  ['0 of 3 passed', 'require: 2 of 3', { a: ['F', 'F', 'F'] }, 'hold', [`hold failed a ${T}`]],
  [
    '1 of 2 passed, so 3 would decide',
    'require: 2 of 3',
    { a: ['P', 'F'] },
    'need-more-results',
    [`need-more-results missing a ${T}`],
  ],
  ['the last 3 count', 'require: 2 of 3', { a: ['F', 'F', 'P', 'P', 'F'] }, 'promote', []],
  [
    'the platform failed',
    'require: any-attempt',
    { a: ['I', 'I'] },
    'need-more-results',
    [`need-more-results infra a ${T}`],
  ],
  ['the platform failed once', 'require: first-attempt', { a: ['I', 'P'] }, 'promote', []],
  [
    'it has no result',
    'require: any-attempt',
    { a: [], b: ['P'] },
    'need-more-results',
    [`need-more-results missing a ${T}`],
  ],
  ['it was skipped', 'require: any-attempt', { a: 'needs a TPM' }, 'hold', [`hold skipped a ${T}`]],
  ['it may be skipped', 'require: any-attempt\n    skipped: allow', { a: 'needs a TPM' }, 'promote', []],
  ['nothing is asked', 'require: nothing', { a: ['F'] }, 'promote', []],
  [
    'a hold outweighs what is missing',
    'require: any-attempt',
    { a: [], b: ['F'] },
    'hold',
    [`hold failed b ${T}`, `need-more-results missing a ${T}`],
  ],
])('%s with %s', (_, rule, tests, ruling, named) => {
  const result = decided(policy(rule), [{ tests }])
  expect(result.named).toEqual(named)
  expect(result.ruling).toBe(ruling)
})

it('a later green run does not replace a red one, in whatever order they are given', () => {
  const runs = [
    { run: 'red', at: '2026-03-01T09:00:00Z', tests: { a: ['F'] } },
    { run: 'green', at: '2026-03-01T10:00:00Z', tests: { a: ['P'] } },
  ] as const
  expect(decided(policy(), runs).named).toEqual([`hold flaky a ${T}`])
  expect(decided(policy(), runs.toReversed()).decision).toEqual(decided(policy(), runs).decision)
})

it('the first rule that is about a cell counts for it; cells of none are counted as not required', () => {
  const text = policy('require: nothing\n    tests: [docs]').replace(
    /$/,
    '  - { name: boots, tests: [boot], require: first-attempt }\n',
  )
  const { ruling, decision } = decided(text, [{ tests: { 'docs.a': ['F'], 'boot.a': ['P'], 'x.a': ['F'] } }])
  expect(ruling).toBe('promote')
  expect(decision.counts).toEqual({ required: 1, notRequired: 2, satisfied: 1, waived: 0, attempts: 3 })
  expect(decision.summary).toBe('promote 4500.1.0 to beta: 1 of 1 cells are as the policy asks')
})

it('commands run what is missing, in the way of the run that planned it, together where they can be', () => {
  const command = [
    'signalbox',
    'run',
    'a',
    '-j',
    '2',
    '--image',
    'x y.img',
    '--distro=flatcar',
    '--retries',
    '3',
  ]
  const { commands, decision } = decided(policy('require: 2 of 3'), [
    { command, tests: { a: [], b: ['I'], c: ['P'] } },
  ])
  expect(commands).toEqual([
    'signalbox run a b --image x y.img --distro=flatcar',
    'signalbox run c --image x y.img --distro=flatcar --repeat 2',
  ])
  expect(decision.unsatisfied[0]?.command).toEqual([
    'signalbox',
    'run',
    'a',
    '--image',
    'x y.img',
    '--distro=flatcar',
  ])
})

it.each([
  ['tests: [a, nowhere]', ['need-more-results missing nowhere -'], ['signalbox run nowhere']],
  [`targets: ['*-x86_64-*', '*-arm64-*']`, ['need-more-results missing - *-arm64-*'], []],
  ['tags: [slow]', ['need-more-results missing - -'], ['signalbox run --tag slow']],
  [`tests: [a], targets: ['*-uefi-*', '*-bios-*']`, ['need-more-results missing - *-bios-*'], []],
])('what the policy asks for and nobody ran is named: %s', (selector, named, commands) => {
  const text = `version: 1\nchannel: beta\nrules:\n  - { name: all, require: any-attempt, ${selector} }\n`
  const result = decided(text, [{ tests: { a: ['P'] } }])
  expect(result.named).toEqual(named)
  expect(result.commands).toEqual(commands)
})

it('a shard that was not given is missing, unless everything was run too', () => {
  const shard = { run: 's1', shard: { index: 1, count: 2 }, tests: { a: ['P'] } } as const
  const text = policy()
  expect(decided(text, [shard])).toMatchObject({
    named: [`need-more-results missing - ${T}`],
    commands: ['signalbox run --shard 2/2'],
  })
  expect(
    decided(text, [shard, { run: 's2', shard: { index: 2, count: 2 }, tests: { b: ['P'] } }]).ruling,
  ).toBe('promote')
  expect(decided(text, [shard, { run: 'all', tests: { a: ['P'], b: ['P'] } }]).ruling).toBe('promote')
})

it('no run, and a run of another image, prove nothing', () => {
  expect(decided(policy(), [])).toMatchObject({
    ruling: 'need-more-results',
    named: ['need-more-results missing - *', 'need-more-results missing - -'],
  })
  const { named, notes } = decided(policy(), [{ digest: OTHER_DIGEST, tests: { a: ['P'] } }])
  expect(notes).toEqual(['other-image'])
  expect(named).toContain('need-more-results missing - -')
})

it('of several images each must have been tested', () => {
  const runs = [{ tests: { a: ['P'] } }] as const
  const { decision } = decided(policy(), runs, { images: [DIGEST, OTHER_DIGEST] })
  expect(decision.unsatisfied.map(({ message }) => message)).toEqual([
    `no run tested the image ${OTHER_DIGEST}`,
  ])
})

it.each([
  ['from the future', { at: '2026-03-01T12:10:00Z' }, ['from-the-future'], 'need-more-results'],
  ['a little ahead, as clocks are', { at: '2026-03-01T12:04:00Z' }, ['clock-skewed'], 'promote'],
  ['of no time at all', { at: '2026-03-01T11:00:00Z' }, [], 'promote'],
])('a run %s', (_, when, notes, ruling) => {
  const result = decided(policy(), [{ ...when, tests: { a: ['P'] } }])
  expect(result.notes).toEqual(notes)
  expect(result.ruling).toBe(ruling)
})

it('a run with a clock that makes no sense does not count', () => {
  const run = gateRun({ tests: { a: ['P'] } })
  for (const wrong of [{ startedAt: 'yesterday' }, { durationMs: -5000 }]) {
    const { notes, decision } = { notes: [], decision: decide(viewOf(policy(), [{ ...run, ...wrong }])) }
    expect(notes).toEqual([])
    expect(decision.notes.map(({ code }) => code)).toEqual(['clock-skewed'])
    expect(decision.decision).toBe('need-more-results')
  }
})

it('a record that lacks a test of its plan does not count', () => {
  const record = recordOf({ tests: { a: ['P'], b: ['F'] } })
  const cut = gateRunOf({ ...record, tests: record.tests.slice(0, 1) }, '')
  const decision = decide(viewOf(policy(), cut === undefined ? [] : [cut]))
  expect(decision.notes.map(({ code }) => code)).toEqual(['plan-changed'])
  expect(decision.decision).toBe('need-more-results')
})

it('a run that is there twice counts once; two records of a run that differ do not count', () => {
  const run = { tests: { a: ['P'] } } as const
  expect(decided(policy(), [run, run])).toMatchObject({ ruling: 'promote', notes: ['duplicate'] })
  expect(decided(policy(), [run, run]).decision.counts.attempts).toBe(1)
  expect(decided(policy(), [run, { tests: { a: ['F'] } }])).toMatchObject({
    ruling: 'need-more-results',
    notes: ['conflict'],
  })
})

it('a result that is too old is stale', () => {
  const text = policy('require: any-attempt', 'freshness: { atMost: 7d }\n')
  const run = (at: string): readonly RecordOptions[] => [{ at, tests: { a: ['P'] } }]
  expect(decided(text, run('2026-02-23T12:00:00Z')).ruling).toBe('promote')
  expect(decided(text, run('2026-02-20T12:00:00Z'))).toMatchObject({
    named: [`need-more-results stale a ${T}`],
    commands: ['signalbox run a'],
  })
})

it('too many cells that the platform lost prove little, whatever came of them', () => {
  const text = policy('require: any-attempt', 'infra: { atMost: 25% }\n')
  expect(decided(text, [{ tests: { a: ['I', 'P'], b: ['P'], c: ['P'], d: ['P'] } }]).ruling).toBe('promote')
  expect(decided(text, [{ tests: { a: ['I', 'P'], b: ['I', 'P'], c: ['P'], d: ['P'] } }]).named).toEqual([
    'need-more-results infra - -',
  ])
})

it('a known failure may be allowed, and is named then', () => {
  const run = { tests: { a: ['F'] }, knownFailures: ['a'] } as const
  expect(decided(policy('require: any-attempt'), [run]).ruling).toBe('hold')
  const allowed = decided(policy('require: any-attempt\n    knownFailures: allow'), [run])
  expect(allowed).toMatchObject({ ruling: 'promote', notes: ['known-failure'] })
})

it('red before and red now is told from newly red, by the failure and not only by the test', () => {
  const text = policy('require: any-attempt\n    redBefore: allow')
  const now = [{ tests: { a: ['F:cannot mount /var'] } }] as const
  const before = (tests: RecordOptions['tests']): Partial<DecisionView> => ({
    // The promoted image is in another channel, so its target has another name.
    baseline: [gateRun({ run: 'before', channel: 'beta', digest: OTHER_DIGEST, version: '4400.0.0', tests })],
  })
  expect(decided(text, now, before({ a: ['F:cannot mount /var'] }))).toMatchObject({
    ruling: 'promote',
    notes: ['red-before'],
  })
  for (const [tests, redBefore] of [
    [{ a: ['P'] }, false],
    [{ a: ['F:sshd does not answer'] }, false],
    [{ b: ['P'] }, undefined],
  ] as const) {
    const { decision } = decided(text, now, before(tests))
    expect(decision.decision).toBe('hold')
    expect(decision.unsatisfied[0]?.redBefore).toBe(redBefore)
  }
  // An image is no baseline of itself.
  const itself = { baseline: [gateRun({ run: 'before', tests: { a: ['F:cannot mount /var'] } })] }
  expect(decided(text, now, itself)).toMatchObject({ ruling: 'hold', notes: ['no-baseline'] })
  const blocked = decided(policy('require: any-attempt'), now, before({ a: ['F:cannot mount /var'] }))
  expect(blocked.decision.unsatisfied[0]).toMatchObject({ effect: 'hold', redBefore: true })
})

it('the same view gives the same decision, and its clock is the one that was given', () => {
  const view = viewOf(policy('require: any-attempt\n    flakes: { atMost: 5% }'), [
    gateRun({ tests: { a: ['F', 'P'], b: ['I'], c: 'no' } }),
  ])
  expect(JSON.stringify(decide(view))).toBe(JSON.stringify(decide(structuredClone(view))))
  expect(decide(view).decidedAt).toBe(NOW)
})
