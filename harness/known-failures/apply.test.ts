// What entries do to a selection, and what is said of those that do nothing.

import { describe, expect, it } from 'vitest'
import type { Target } from '../model.ts'
import type { Selection } from '../plan/select.ts'
import type { RegisteredTest } from '../registry.ts'
import type { Requirements } from '../requirements.ts'
import { applyKnownFailures, concerns, modeAt } from './apply.ts'
import { knownReason } from './describe.ts'
import { parseKnownFailures } from './read.ts'

const target: Target = {
  name: 'qemu-x86_64-direct-alpha',
  platform: 'qemu',
  architecture: 'x86_64',
  firmware: 'direct',
  channel: 'alpha',
  distro: 'flatcar',
  version: '4012.1.0',
}

const testOf = (name: string, requirements: Requirements = {}): RegisteredTest => ({
  name,
  requirements,
  body: () => undefined,
  location: { file: 'a.ts', line: 1, column: 1 },
})
const tests = [testOf('docker.run', { aliases: ['cl.docker'] }), testOf('boot.usr'), testOf('boot.tpm')]
const selection: readonly Selection[] = [
  { test: tests[0] ?? testOf('x'), skip: undefined },
  { test: tests[1] ?? testOf('x'), skip: undefined },
  { test: tests[2] ?? testOf('x'), skip: 'needs a tpm' },
]

function apply(text: string, today = '2026-03-01T00:00:00Z') {
  const file = parseKnownFailures(text, 'known.yaml')
  const applied = applyKnownFailures(selection, [file], { target, tests, nowMs: Date.parse(today) })
  return {
    ...applied,
    modes: applied.selection.map(({ knownFailure }) => knownFailure?.mode),
    skips: applied.selection.map(({ skip }) => skip),
    said: applied.notices.map(({ level, code, message }) => `${level} ${code}: ${message}`),
  }
}

describe('applied', () => {
  it('are entries by name and by alias; a skip carries its reason and tracker', () => {
    const { modes, skips, said } = apply(
      [
        '- { pattern: cl.docker, reason: it hangs, tracker: "https://example.org/1", mode: skip }',
        '- { pattern: boot.*, reason: slow, mode: must-fail }',
      ].join('\n'),
    )
    expect(modes).toEqual(['skip', 'must-fail', undefined])
    // What the target has said already stays.
    expect(skips).toEqual(['known failure: it hangs (https://example.org/1)', undefined, 'needs a tpm'])
    expect(said).toEqual([
      'info known-failures: known failures in known.yaml: 1 test is not run, 1 test must fail',
    ])
  })

  it('is the first that fits, but one that skips goes before', () => {
    const first =
      '- { pattern: docker.*, reason: one, mode: warn }\n- { pattern: docker.run, reason: two, mode: must-fail }'
    expect(apply(first).selection[0]?.knownFailure?.reason).toBe('one')
    const skipped = apply(`${first}\n- { pattern: docker.run, reason: three, mode: skip }`)
    expect(skipped.selection[0]?.knownFailure).toEqual({
      mode: 'skip',
      pattern: 'docker.run',
      reason: 'three',
      source: 'known.yaml:3',
    })
  })

  it("is kola's word about the console to every test", () => {
    const { selection: applied, said } = apply('- { pattern: skip-console-warnings, tracker: T }')
    for (const { test } of applied)
      if (test.name !== 'boot.tpm') expect(test.requirements.leaveOutChecks).toEqual(['console'])
    expect(said).toContain('info console-not-judged: known.yaml:1 (T): the console is judged in no test')
  })
})

describe('not applied, and said', () => {
  it.each([
    [
      '- { pattern: dokcer.run, reason: r }',
      'warning known-failure-unmatched: known.yaml:1: no test fits "dokcer.run"; the nearest is docker.run',
    ],
    [
      '- { pattern: docker.*, reason: r, tracker: T, expires: 2026-03-01 }',
      'warning known-failure-expired: known.yaml:1 (T): "docker.*" expired on 2026-03-01 and has no effect any more: renew or remove it',
    ],
    [
      '- { pattern: docker.*, snooze: 2026-02-28 }',
      'warning known-failure-expired: known.yaml:1: "docker.*" expired on 2026-02-28 and has no effect any more: renew or remove it',
    ],
    [
      '- { pattern: docker.*, reason: r, platforms: [aws] }\n- { pattern: boot.usr, reason: r, archs: [arm64] }',
      'info known-failure-elsewhere: known.yaml: 2 entries are not about qemu-x86_64-direct-alpha 4012.1.0 (line 1, 2)',
    ],
  ])('%s', (text, message) => {
    const { modes, said } = apply(text)
    expect(modes).toEqual([undefined, undefined, undefined])
    expect(said).toEqual([
      'info known-failures: known failures in known.yaml: none of the selected tests',
      message,
    ])
  })

  it("kola's snooze turns into a warning where it says so", () => {
    const text = '- { pattern: docker.*, snooze: 2026-03-01, warn: true }'
    expect(apply(text, '2026-02-28T23:59:59Z').modes[0]).toBe('skip')
    const later = apply(text)
    expect(later.modes[0]).toBe('warn')
    // It has no end any more.
    expect(later.selection[0]?.knownFailure).not.toHaveProperty('expires')
    expect(later.said).toContain(
      'info known-failure-turned: known.yaml:1: "docker.*" was skipped until 2026-03-01 and only warns now',
    )
  })
})

const scoped = (scope: string) =>
  parseKnownFailures(`- { pattern: a, reason: r, ${scope} }`, 'known.yaml').entries[0] ?? expect.unreachable()

it.each([
  ['platforms: [aws, qemu]', true],
  ['platforms: [aws]', false],
  ['archs: [amd64]', true],
  ['archs: [aarch64]', false],
  ['channels: [alpha, beta]', true],
  ['channels: [stable]', false],
  ['distros: [flatcar]', true],
  ['distros: [fcos]', false],
  ['versions: ">=4000.0.0 <4100.0.0"', true],
  ['versions: "<4012.1.0"', false],
  ['platforms: [qemu], channels: [stable]', false],
])('an entry with %s is about the target: %s', (scope, expected) => {
  expect(concerns(scoped(scope), target)).toBe(expected)
})

it('a version that cannot be compared is in no range', () => {
  expect(concerns(scoped('versions: "*"'), { ...target, version: 'rawhide' })).toBe(false)
})

it.each([
  ['2026-02-28T23:59:59.999Z', 'warn'],
  ['2026-03-01T00:00:00Z', undefined],
])('an entry that expires on 2026-03-01 does %s: %s', (now, mode) => {
  expect(modeAt(scoped('expires: 2026-03-01'), Date.parse(now))).toBe(mode)
})

it('a bug that is gone names what to remove', () => {
  const known = { mode: 'must-fail', pattern: 'a', reason: 'r', source: 'known.yaml:7' } as const
  expect(knownReason('failed', { ...known, tracker: 'T' })).toBe(
    'it passed, so the bug T is gone: remove the entry known.yaml:7',
  )
  expect(knownReason('failed', known)).toBe('it passed, so the bug is gone: remove the entry known.yaml:7')
  expect(knownReason('infra', known)).toBeUndefined()
})
