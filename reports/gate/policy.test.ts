// What is wrong with a policy is found with its place, and said with what to do.

import { expect, it } from 'vitest'
import { gateRun } from './gate.test.data.ts'
import { lintPolicy } from './lint-policy.ts'
import { problemText } from './problem.ts'
import { parsePolicy } from './read-policy.ts'

const base = `version: 1
channel: beta
rules:
  - name: all
    require: first-attempt
`

const said = (text: string, runs = new Array<ReturnType<typeof gateRun>>()): readonly string[] =>
  lintPolicy(text, runs).map((problem) => `${problemText('p.yaml', problem)} (${problem.code})`)

it('a policy that is right has no problem, and defaults', () => {
  expect(said(base)).toEqual([])
  expect(parsePolicy(base, 'p.yaml')).toEqual({
    channel: 'beta',
    rules: [
      {
        name: 'all',
        tests: [],
        tags: [],
        targets: [],
        require: { kind: 'first-attempt' },
        skipped: 'block',
        knownFailures: 'block',
        redBefore: 'block',
      },
    ],
    clockSkewMs: 300_000,
    metrics: [],
    attestations: [],
    signers: {},
  })
})

it.each([
  [
    'an unknown key',
    base.replace('require:', 'requires:'),
    [
      'p.yaml:4:5: rules[0]: "require" is missing; expected a rule with name and require (missing-key)',
      'p.yaml:5:5: unknown key "requires" (unknown-key)',
    ],
  ],
  ['no YAML', 'version: [1', [expect.stringMatching(/^p.yaml:1:12: Flow sequence .* \(yaml\)$/)]],
  ['a key twice', `${base}channel: stable\n`, ['p.yaml:6:1: Map keys must be unique (yaml)']],
  [
    'a wrong way to pass',
    base.replace('first-attempt', 'always'),
    [
      'p.yaml:5:14: rules[0].require: expected first-attempt, any-attempt, nothing, or how many of how many must pass, like 4 of 5 (wrong-value)',
    ],
  ],
  [
    'another version',
    base.replace('version: 1', 'version: 2'),
    ['p.yaml:1:10: version: expected 1, the version of this form (wrong-value)'],
  ],
  [
    'a number where a percentage is asked',
    `${base}infra: { atMost: 5 }\n`,
    ['p.yaml:6:18: infra.atMost: expected a percentage, like 5% (wrong-value)'],
  ],
  [
    'a metric without a limit',
    `${base}metrics:\n  - { name: m, metric: boot.ssh }\n`,
    [
      'p.yaml:7:5: metrics[0]: expected a limit with name, metric, and at least one of atMost, atLeast, atMostMore, atMostLess (wrong-value)',
    ],
  ],
  [
    'more passes than attempts',
    base.replace('first-attempt', '3 of 2'),
    ['p.yaml:5:14: 3 of 2 attempts can never pass (impossible)'],
  ],
  [
    'a glob that is none',
    `${base}    tests: ['boot.[']\n`,
    ['p.yaml:6:13: "boot.[" is no valid glob (bad-glob)'],
  ],
  [
    'a rule below one of everything',
    `${base}  - name: smoke\n    tags: [smoke]\n    require: any-attempt\n`,
    [
      'p.yaml:6:11: the rule "smoke" is never reached: "all" above it is about all of its cells (unreachable-rule)',
    ],
  ],
  [
    'a name twice',
    `${base}    tests: [a]\n  - { name: all, require: any-attempt }\n`,
    ['p.yaml:7:13: the name "all" is there twice (duplicate-name)'],
  ],
  [
    'a waiver without a second person',
    `${base}signers: { a: a.pub }\nwaivers: { from: [a] }\n`,
    ['p.yaml:7:18: a waiver needs a second approver, so two must be named (impossible)'],
  ],
  [
    'a signer that nobody is',
    `${base}signers: { alice: a.pub }\napprovals: { atLeast: 1, from: [alcie] }\n`,
    ['p.yaml:7:33: signers has no "alcie" (unknown-signer)'],
  ],
  [
    'more approvals than people',
    `${base}signers: { a: a.pub }\napprovals: { atLeast: 2, from: [a, a] }\n`,
    ['p.yaml:7:23: only 1 may approve, so 2 never will (impossible)'],
  ],
  [
    'a budget of nothing',
    `${base}    flakes: { atMost: 0% }\n`,
    ['p.yaml:6:23: no history proves that a test never flakes: a budget must be above 0% (impossible)'],
  ],
])('%s', (_, text, expected) => {
  expect(said(text)).toEqual(expected)
})

it('an unknown key comes with the nearest one', () => {
  const [problem] = lintPolicy(`${base}fresness: { atMost: 7d }\n`)
  expect(problem?.hint).toMatch(/^did you mean "freshness"\?/)
})

it.each([
  // A narrower rule above, a wider one below: fine.
  ['tests: [boot]', 'tests: [boot, users]', false],
  ['tests: [boot]', 'tests: [boot.usr]', true],
  ["tests: ['boot.*']", 'tests: [boot.usr]', true],
  ["tests: [boot, '!boot.slow']", 'tests: [boot.usr]', false],
  ["targets: ['qemu-*']", 'targets: [qemu-uefi]', true],
  // A target is no prefix of another.
  ['targets: [qemu]', 'targets: [qemu.uefi]', false],
  ['tags: [smoke]', 'tests: [boot]', false],
  ['tags: [smoke]', 'tags: [smoke], tests: [boot]', true],
])('below %s a rule with %s is unreachable: %s', (above, below, unreachable) => {
  const text = `version: 1
channel: beta
rules:
  - { name: above, require: any-attempt, ${above} }
  - { name: below, require: any-attempt, ${below} }
`
  expect(said(text).length > 0).toBe(unreachable)
})

const runs = [gateRun({ tests: { 'boot.usr': ['P'], 'users.core': ['P'] }, tags: ['smoke'] })]

it.each([
  [
    'tests: [boot, nowhere]',
    'p.yaml:4:54: "nowhere" matches no test that the runs planned (matches-nothing)',
  ],
  [
    "targets: ['*-arm64-*']",
    'p.yaml:4:50: "*-arm64-*" matches no target that the runs planned (matches-nothing)',
  ],
  ['tags: [smoke, slow]', 'p.yaml:4:54: "slow" matches no tag that the runs planned (matches-nothing)'],
  ["tests: ['!*']", 'p.yaml:4:13: the rule "all" is about nothing that the runs planned (matches-nothing)'],
])('against what runs planned: %s', (selector, expected) => {
  const text = `version: 1\nchannel: beta\nrules:\n  - { name: all, require: any-attempt, ${selector} }\n`
  expect(said(text, runs)).toEqual([expected])
})

it('against what runs planned: a rule of which others have taken all', () => {
  const text = `version: 1
channel: beta
rules:
  - { name: one, require: any-attempt, tests: [boot] }
  - { name: two, require: any-attempt, tests: [users] }
  - { name: three, require: any-attempt, tags: [smoke] }
`
  expect(said(text, runs)).toEqual([
    'p.yaml:6:13: the rule "three" is never reached: rules above it are about all 2 of its cells (unreachable-rule)',
  ])
})
