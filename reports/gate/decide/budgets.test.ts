// Flake budgets, metrics and soak: what the past and other channels say of an image.

import { expect, it } from 'vitest'
import { DIGEST, gateRun, OTHER_DIGEST, type RecordOptions, viewOf } from '../gate.test.data.ts'
import { historyRowsOf } from '../from-record.ts'
import type { DecisionView } from '../view.ts'
import { decide } from './decide.ts'
import { decided, policy } from './decided.test.data.ts'

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
