// A selected test of a serial group brings along those before it.

import { expect, it } from 'vitest'
import type { Target } from '../model.ts'
import type { RegisteredTest } from '../registry.ts'
import type { Requirements } from '../requirements.ts'
import { withEarlier } from './whole-groups.ts'

const target: Target = {
  name: 'fake',
  platform: 'fake',
  architecture: 'x86_64',
  firmware: 'uefi',
  channel: 'stable',
  distro: 'reference',
  version: '1.0.0',
}

const make = (group: string | undefined, name: string, index: number, requirements: Requirements = {}) =>
  ({
    name: group === undefined ? name : `${group}.${name}`,
    requirements,
    body: () => undefined,
    location: { file: 'a.ts', line: 1, column: 1 },
    ...(group === undefined ? {} : { serial: { group, index, stopAtFirstFailure: false, boot: {} } }),
  }) satisfies RegisteredTest

// The order written is not that of the names.
const all = [
  make(undefined, 'alone', 0),
  make('g', 'z', 0),
  make('g', 'y', 1, { platforms: ['aws'] }),
  make('g', 'a', 2),
  make('g', 'b', 3),
  make('h', 'a', 0),
  make('h', 'b', 1),
]

it.each<[string, readonly string[], readonly string[], readonly string[]]>([
  ['nothing', [], [], []],
  ['a test of no group', ['alone'], ['alone'], []],
  ['the first one', ['g.z'], ['g.z'], []],
  [
    'one in the middle',
    ['g.a'],
    ['g.a', 'g.y', 'g.z'],
    ['g.z, g.y are run too: g.a comes after them in the serial group g'],
  ],
  [
    'some',
    ['g.b', 'g.z'],
    ['g.a', 'g.b', 'g.y', 'g.z'],
    ['g.y, g.a are run too: g.b comes after them in the serial group g'],
  ],
  ['all', ['g.a', 'g.b', 'g.y', 'g.z'], ['g.a', 'g.b', 'g.y', 'g.z'], []],
  [
    'two groups',
    ['g.z', 'h.b'],
    ['g.z', 'h.a', 'h.b'],
    ['h.a is run too: h.b comes after it in the serial group h'],
  ],
  // It is skipped for this target, and so needs nothing.
  ['one that is skipped', ['g.y'], ['g.y'], []],
])('%s', (_, names, expected, messages) => {
  const selection = all
    .filter(({ name }) => names.includes(name))
    .map((test) => ({ test, skip: test.name === 'g.y' ? 'needs platform aws' : undefined }))
  const whole = withEarlier(selection, all, { target, tags: [] })
  expect(whole.selection.map(({ test }) => test.name)).toEqual(expected)
  expect(whole.messages).toEqual(messages)
})

it('skips what it brings along and the target cannot have', () => {
  const selection = all.filter(({ name }) => name === 'g.a').map((test) => ({ test, skip: undefined }))
  const whole = withEarlier(selection, all, { target, tags: [] }).selection
  expect(whole.map(({ test, skip }) => [test.name, skip])).toEqual([
    ['g.a', undefined],
    ['g.y', 'needs platform aws; the target has fake'],
    ['g.z', undefined],
  ])
})
