// The board, from decisions: what is promoted since when, what stands before the next.

import { expect, test } from 'vitest'
import type { Decision, Ruling } from '../gate/index.ts'
import type { PastRun } from '../history/index.ts'
import { noVerdicts } from '../../harness/verdict.ts'
import { channelStates } from './channels.ts'

const decided = (channel: string, version: string, decision: Ruling, day: number): Decision => ({
  schemaVersion: 1,
  decision,
  summary: `${decision} ${version}`,
  channel,
  digests: [`sha256:${version}`],
  images: [
    { digest: `sha256:${version}`, distro: 'flatcar', version, channel: 'alpha', architecture: 'x86_64' },
  ],
  decidedAt: `2026-11-${String(day).padStart(2, '0')}T00:00:00.000Z`,
  counts: { required: 1, notRequired: 0, satisfied: 0, waived: 0, attempts: 1 },
  rules: [],
  unsatisfied:
    decision === 'promote'
      ? []
      : [{ kind: 'failed', effect: 'hold', rule: 'smoke', message: 'it fails', test: 'boot.usr' }],
  waived: [],
  commands: [],
  waivers: [],
  notes: [],
  inputs: [],
})

const ran = (channel: string, version: string, day: number): PastRun => ({
  run: `run-${version}`,
  state: 'finished',
  atMs: Date.UTC(2026, 10, day),
  durationMs: 1,
  target: 't',
  channel,
  image: { digest: `sha256:${version}`, version, channel: 'alpha', architecture: 'x86_64' },
  planDigest: undefined,
  planned: 1,
  attempts: 1,
  verdicts: noVerdicts,
  exitCode: 0,
  source: '',
})

test('an image is there since the first decision that promoted it, not since one that said so again', () => {
  const [state] = channelStates(
    [
      decided('beta', '2', 'promote', 5),
      decided('beta', '1', 'promote', 1),
      decided('beta', '2', 'hold', 4),
      decided('beta', '2', 'promote', 6),
    ],
    [],
  )
  expect(state?.promoted).toEqual({ version: '2', digests: ['sha256:2'], at: '2026-11-05T00:00:00.000Z' })
  expect(state?.next).toBeUndefined()
  expect(state?.past.map(({ version, outcome }) => `${outcome} ${version}`)).toEqual([
    'promote 2',
    'promote 2',
    'hold 2',
    'promote 1',
  ])
})

test('one that comes back is there since it came back', () => {
  const [state] = channelStates(
    [
      decided('beta', '1', 'promote', 1),
      decided('beta', '2', 'promote', 2),
      decided('beta', '1', 'promote', 3),
    ],
    [],
  )
  expect(state?.promoted).toMatchObject({ version: '1', at: '2026-11-03T00:00:00.000Z' })
})

test('what holds the next is named, and the two can be compared', () => {
  const [state] = channelStates([decided('beta', '1', 'promote', 1), decided('beta', '2', 'hold', 2)], [])
  expect(state?.promoted?.version).toBe('1')
  expect(state?.next).toMatchObject({
    image: { version: '2' },
    gate: { outcome: 'hold', unsatisfied: [{ kind: 'failed', test: 'boot.usr', message: 'it fails' }] },
    compare: '/compare?before=sha256%3A1&after=sha256%3A2',
  })
})

test('channels go as images do; what was tested and not decided on is said', () => {
  const states = channelStates(
    [decided('stable', '1', 'promote', 1), decided('nightly', '9', 'hold', 2)],
    [ran('alpha', '3', 9), ran('alpha', '2', 8), ran('stable', '1', 7)],
  )
  expect(states.map(({ name }) => name)).toEqual(['alpha', 'stable', 'nightly'])
  expect(states.map(({ undecided }) => undecided?.version)).toEqual(['3', undefined, undefined])
})
