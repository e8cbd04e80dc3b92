// The decision, requirement by requirement: what is named, whether it holds, and the command that would satisfy it.

import { expect, it } from 'vitest'
import { DIGEST, gateRun, NOW, OTHER_DIGEST,
  recordOf, type RecordOptions, viewOf } from '../gate.test.data.ts'
import { gateRunOf, historyRowsOf } from '../from-record.ts'
import type { DecisionView } from '../view.ts'
import { decide } from './decide.ts'

const policy = (rule = 'require: first-attempt', more = ''): string => `version: 1
channel: beta
rules:
  - name: all
    ${rule}
${more}`

function decided(text: string, runs: readonly RecordOptions[], more: Partial<DecisionView> = {}) {
  const decision = decide(viewOf(text, runs.map(gateRun), more))
  return {
    decision,
    ruling: decision.decision,
    named: decision.unsatisfied.map(
      ({ kind, effect, test, target }) => `${effect} ${kind} ${test ?? '-'} ${target ?? '-'}`,
    ),
    notes: decision.notes.map(({ code }) => code),
    commands: decision.commands.map((command) => command.join(' ')),
  }
}

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

const budget = policy('require: any-attempt\n    flakes: { atMost: 5%, confidence: 95%, history: 30d }')
const past = (trials: number, flakes: number, at = '2026-02-20T00:00:00Z') => ({
  run: `past-${trials}-${flakes}-${at}`,
  at,
  place: 'qemu-x86_64-uefi',
  test: 'a',
  trials,
  flakes,
})

it.each([
  [
    'too few to tell',
    [],
    ['need-more-results flaky a qemu-x86_64-uefi-alpha'],
    ['signalbox run a --repeat 58'],
  ],
  ['59 in all without a flake', [past(58, 0)], [], []],
  [
    'too long ago',
    [past(58, 0, '2026-01-01T00:00:00Z')],
    ['need-more-results flaky a qemu-x86_64-uefi-alpha'],
    ['signalbox run a --repeat 58'],
  ],
  [
    'flaked once in 60',
    [past(59, 1)],
    ['need-more-results flaky a qemu-x86_64-uefi-alpha'],
    ['signalbox run a --repeat 33'],
  ],
  ['flaked once in 93', [past(92, 1)], [], []],
  ['proved to be over the budget', [past(40, 8)], ['hold flaky a qemu-x86_64-uefi-alpha'], []],
])('a flake budget: %s', (_, history, named, commands) => {
  const result = decided(budget, [{ tests: { a: ['P'] } }], { history })
  expect(result.named).toEqual(named)
  expect(result.commands).toEqual(commands)
})

it('a run that the history has too is counted once', () => {
  const run = gateRun({ tests: { a: ['P'] } })
  const history = [...historyRowsOf(run), past(57, 0)]
  expect(decide(viewOf(budget, [run], { history })).unsatisfied[0]?.message).toMatch(/0 of 58 trials/)
})

it('of a repeated test each attempt is a trial, of a retried one the first', () => {
  const rows = (tests: RecordOptions['tests'], repeat?: number) =>
    historyRowsOf(gateRun({ tests, ...(repeat === undefined ? {} : { repeat }) })).map(
      ({ trials, flakes }) => `${flakes}/${trials}`,
    )
  expect(rows({ a: ['F', 'P', 'P', 'F'] }, 4)).toEqual(['2/4'])
  expect(rows({ a: ['F', 'P'] })).toEqual(['1/1'])
  expect(rows({ a: ['I', 'P'] })).toEqual(['0/1'])
  // A test that never passed is broken, not flaky.
  expect(rows({ a: ['F', 'F'], b: 'skipped', c: [] })).toEqual([])
})

it.each([
  ['atMost: 100', [90, 110, 95], undefined, []],
  ['atMost: 90', [90, 110, 95], undefined, ['hold metric - qemu-x86_64-uefi-alpha']],
  ['atLeast: 100', [90, 110, 95], undefined, ['hold metric - qemu-x86_64-uefi-alpha']],
  ['atMostMore: 10%', [109], [100], []],
  ['atMostMore: 10%', [111], [100], ['hold metric - qemu-x86_64-uefi-alpha']],
  ['atMostLess: 10%', [89], [100], ['hold metric - qemu-x86_64-uefi-alpha']],
  ['atMostMore: 10%', [100], undefined, ['need-more-results metric - qemu-x86_64-uefi-alpha']],
  ['atMost: 100', [], undefined, ['need-more-results metric - -']],
])('a metric with %s: %j against %j', (limit, values, before, named) => {
  const text = policy(
    'require: any-attempt',
    `metrics:\n  - { name: boots, metric: boot.running, ${limit} }\n`,
  )
  const run: RecordOptions = { tests: { a: values.length === 0 ? ['P'] : measured(values) } }
  const earlier = { run: 'before', channel: 'beta', digest: OTHER_DIGEST }
  const baseline = before === undefined ? [] : [gateRun({ ...earlier, tests: { a: measured(before) } })]
  expect(decided(text, [run], { baseline }).named).toEqual(named)
})

const soak = policy(
  'require: any-attempt',
  'soak: { channel: alpha, atLeast: 14d, canary: { errorRateAtMost: 1%, instancesAtLeast: 100 } }\n',
)
const measured = (values: readonly number[]) => values.map((value) => `M${value}` as const)
const promoted = (decidedAt: string, ruling: 'promote' | 'hold' = 'promote') => ({
  decision: decidedAt,
  ruling,
  channel: 'alpha',
  images: [DIGEST],
  decidedAt,
  waivers: [],
})
const healthy = { channel: 'alpha', version: '4500.1.0', instances: 200, errors: 1 }

it.each<[string, Partial<DecisionView>, readonly string[]]>([
  ['long enough, and healthy', { ledger: [promoted('2026-02-01T00:00:00Z')], canary: healthy }, []],
  ['never there', { canary: healthy }, ['need-more-results soak - -']],
  [
    'too short',
    { ledger: [promoted('2026-02-25T00:00:00Z')], canary: healthy },
    ['need-more-results soak - -'],
  ],
  [
    'of another image',
    { ledger: [{ ...promoted('2026-02-01T00:00:00Z'), images: [OTHER_DIGEST] }], canary: healthy },
    ['need-more-results soak - -'],
  ],
  [
    'from the future',
    { ledger: [promoted('2026-04-01T00:00:00Z')], canary: healthy },
    ['need-more-results soak - -'],
  ],
  [
    'held there since',
    { ledger: [promoted('2026-02-01T00:00:00Z'), promoted('2026-02-10T00:00:00Z', 'hold')], canary: healthy },
    ['hold soak - -'],
  ],
  ['no figures', { ledger: [promoted('2026-02-01T00:00:00Z')] }, ['need-more-results canary - -']],
  [
    'figures of another version',
    { ledger: [promoted('2026-02-01T00:00:00Z')], canary: { ...healthy, version: '1.0.0' } },
    ['need-more-results canary - -'],
  ],
  [
    'too few instances',
    { ledger: [promoted('2026-02-01T00:00:00Z')], canary: { ...healthy, instances: 99, errors: 0 } },
    ['need-more-results canary - -'],
  ],
  [
    'too many errors',
    { ledger: [promoted('2026-02-01T00:00:00Z')], canary: { ...healthy, errors: 3 } },
    ['hold canary - -'],
  ],
])('soak: %s', (_, more, named) => {
  expect(decided(soak, [{ tests: { a: ['P'] } }], more).named).toEqual(named)
})

it('a soak that is not over says when it will be', () => {
  const { decision } = decided(soak, [{ tests: { a: ['P'] } }], {
    ledger: [promoted('2026-02-25T00:00:00Z')],
    canary: healthy,
  })
  expect(decision.unsatisfied[0]?.notBefore).toBe('2026-03-11T00:00:00.000Z')
})

it('the same view gives the same decision, and its clock is the one that was given', () => {
  const view = viewOf(budget, [gateRun({ tests: { a: ['F', 'P'], b: ['I'], c: 'no' } })])
  expect(JSON.stringify(decide(view))).toBe(JSON.stringify(decide(structuredClone(view))))
  expect(decide(view).decidedAt).toBe(NOW)
})
