// What a test leaves to those after it in its serial group.

import { expect, it } from 'vitest'
import { InfraError, MachineError } from '../errors.ts'
import type { Failure } from '../model.ts'
import { endOfGroup, type GroupEnd, type Left } from './group-end.ts'
import type { Ended } from './run-attempt.ts'

const there: Left = { gone: undefined, kept: false }
const failure = (kind: Failure['kind'], message = 'it broke'): Failure => ({
  phase: 'body',
  kind,
  code: kind,
  message,
})
const passed: Ended = { outcome: 'passed', reached: 'body', failures: [] }
const skipped: Ended = { ...passed, outcome: 'skipped' }
const failed: Ended = { outcome: 'failed', reached: 'body', failures: [failure('assertion')] }
const unready: Ended = { outcome: 'failed', reached: 'ready', failures: [failure('machine')] }
const lost: Ended = {
  outcome: 'infra',
  reached: 'body',
  failures: [failure('assertion', 'seen first'), failure('infra', 'm0 was lost')],
}
const late: Ended = { outcome: 'failed', reached: 'body', failures: [failure('timeout')] }
const off = new MachineError('m0 powered\u001B[31m off', { code: 'machine-stopped' })
const killed = new InfraError('m0 was killed', { code: 'machine-lost' })
const skip = (reason: string): GroupEnd => ({ outcome: 'skipped', reason })
const infra = (reason: string): GroupEnd => ({ outcome: 'infra', reason })

it.each<[string, boolean, Ended, Partial<Left>, GroupEnd | undefined]>([
  ['passed', false, passed, {}, undefined],
  ['passed, stops', true, passed, {}, undefined],
  ['skipped, stops', true, skipped, {}, undefined],
  ['failed', false, failed, {}, undefined],
  ['failed, stops', true, failed, {}, skip('g.b failed before it')],
  ['no boot', false, unready, {}, skip('g.b failed before it: the machines did not become ready')],
  ['late', false, late, {}, skip('g.b failed before it: it ran out of time and may still be at work')],
  ['late, stops', true, late, {}, skip('g.b failed before it')],
  [
    'kept',
    false,
    failed,
    { kept: true },
    skip('g.b failed before it: its machines are kept as it left them'),
  ],
  ['lost', false, lost, {}, infra('not run: g.b lost its machines: m0 was lost')],
  ['lost, stops', true, lost, {}, infra('not run: g.b lost its machines: m0 was lost')],
  [
    'our own bug',
    false,
    { ...lost, outcome: 'harness', failures: [failure('error', 'undefined is no function')] },
    {},
    infra('not run: g.b lost its machines: undefined is no function'),
  ],
  ['off', false, failed, { gone: off }, skip('g.b failed before it and left no machine: m0 powered off')],
  ['passed, off', false, passed, { gone: off }, skip('g.b before it left no machine: m0 powered off')],
  [
    'passed, killed',
    false,
    passed,
    { gone: killed },
    infra('not run: a machine was lost in g.b: m0 was killed'),
  ],
])('%s', (_, stopAtFirstFailure, ended, left, expected) => {
  const serial = { group: 'g', index: 1, stopAtFirstFailure, boot: {} }
  expect(endOfGroup({ name: 'g.b', serial }, ended, { ...there, ...left })).toEqual(expected)
})
