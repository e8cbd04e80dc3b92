// What a round of a serial group comes to.

import { expect, it } from 'vitest'
import type { Outcome } from './model.ts'
import { roundOutcome } from './serial-rounds.ts'

const known = (outcome: Outcome) => ({ outcome, isKnown: true })
const plain = (outcome: Outcome) => ({ outcome, isKnown: false })

it.each<[Outcome, readonly ReturnType<typeof plain>[]]>([
  ['passed', [plain('passed'), plain('skipped')]],
  ['skipped', [plain('skipped')]],
  ['failed', [plain('passed'), plain('failed'), plain('skipped')]],
  // The fault gives what has failed no other chance.
  ['failed', [plain('failed'), plain('infra')]],
  ['infra', [plain('passed'), plain('infra'), plain('infra')]],
  ['harness', [plain('passed'), plain('harness')]],
  ['passed', [known('failed'), plain('skipped')]],
  ['failed', [known('failed'), plain('failed')]],
  ['infra', [known('failed'), plain('infra')]],
])('%s: %j', (expected, ends) => {
  expect(roundOutcome(ends)).toBe(expected)
})
