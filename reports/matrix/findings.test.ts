// From verdicts by target to sentences.

import { describe, expect, it } from 'vitest'
import type { Architecture, Firmware, Verdict } from '../../harness/model.ts'
import type { RunSummary, TestSummary } from '../run-summary.ts'
import { summarizeRuns } from '../summarize.ts'
import { noVerdicts } from '../../harness/verdict.ts'
import { columnLabels, columnsOf, findingsOf, findingText, nowhereOf, rowsOf } from './index.ts'

type Cell = readonly [architecture: Architecture, firmware: Firmware, tpm?: 'on' | 'off', channel?: string]

const letters: Readonly<Record<string, Verdict>> = {
  P: 'passed',
  F: 'failed',
  I: 'infra',
  L: 'flaky',
  S: 'skipped',
  W: 'warned',
}

function testOf(test: string, letter: string): TestSummary {
  const verdict = letters[letter] ?? 'missing'
  return {
    test,
    verdict,
    durationMs: 1,
    planned: true,
    tags: [],
    aliases: [],
    attempts: [],
    expectation: verdict === 'skipped' ? { kind: 'skip', reason: 'not here' } : { kind: 'run' },
    ...(verdict === 'skipped' ? { reason: 'not here' } : {}),
  }
}

/** `tests`: a letter a cell; a space: the cell does not have it. */
function runsOf(cells: readonly Cell[], tests: Readonly<Record<string, string>>): readonly RunSummary[] {
  return cells.map(([architecture, firmware, tpm, channel = 'stable'], index): RunSummary => {
    const own = Object.entries(tests).flatMap(([name, row]) =>
      row[index] === ' ' ? [] : [testOf(name, row[index] ?? '?')],
    )
    const name = `qemu-${architecture}-${firmware}${tpm === undefined ? '' : `-tpm-${tpm}`}-${channel}`
    return {
      run: `r${index}`,
      state: 'finished',
      startedAt: '2026-01-01T00:00:00Z',
      durationMs: 1000,
      command: [],
      host: {},
      target: {
        name,
        platform: 'qemu',
        architecture,
        firmware,
        channel,
        distro: 'reference',
        version: '1.0.0',
        ...(tpm === undefined ? {} : { axes: { tpm } }),
      },
      planned: own.length,
      finished: own.length,
      missing: [],
      verdicts: noVerdicts,
      exitCode: 0,
      tests: own,
      machines: [],
      notices: [],
    }
  })
}

function sentences(cells: readonly Cell[], tests: Readonly<Record<string, string>>): readonly string[] {
  // As every report sees them: sorted by name, which must not matter.
  const columns = columnsOf(summarizeRuns(runsOf(cells, tests)))
  return findingsOf(rowsOf(columns)).map((finding) => `${finding.tests.join(', ')} ${findingText(finding)}`)
}

const four: readonly Cell[] = [
  ['x86_64', 'direct'],
  ['x86_64', 'uefi'],
  ['arm64', 'direct'],
  ['arm64', 'uefi'],
]
const secure: readonly Cell[] = [
  ['x86_64', 'direct'],
  ['x86_64', 'bios'],
  ['x86_64', 'uefi'],
  ['x86_64', 'uefi-secure'],
]

describe('what has to do with where a test ran', () => {
  it.each<[string, readonly Cell[], string, readonly string[]]>([
    [
      'one of two',
      four.slice(1, 4).filter(([, firmware]) => firmware === 'uefi'),
      'PF',
      ['a fails only on arm64'],
    ],
    ['all of a value', four, 'PPFF', ['a fails on all 2 targets on arm64, and on no other']],
    ['all of another axis', four, 'PFPF', ['a fails on all 2 targets with uefi, and on no other']],
    ['a combination', four, 'PPPF', ['a fails only on arm64 and with uefi']],
    ['both kinds of UEFI', secure, 'PPFF', ['a fails on all 2 targets with UEFI, and on no other']],
    ['Secure Boot alone', secure, 'PPPF', ['a fails only with uefi-secure']],
    ['all but one', secure, 'PFFF', ['a fails everywhere but with direct boot']],
    ['everywhere', four, 'FFFF', []],
    ['nowhere', four, 'PPPP', []],
    ['without a pattern', four, 'PFFP', []],
    ['where it also is skipped', four, 'SPSF', ['a fails only on arm64']],
    ['nothing to compare with', four, 'SSSF', []],
    ['known failures say nothing', four, 'WWWF', []],
    [
      'trouble of the platform',
      four,
      'PPII',
      ['a has trouble of the platform on all 2 targets on arm64, and on no other'],
    ],
    [
      'trouble does not pass for a failure',
      four,
      'PPFI',
      ['a fails only on arm64', 'a has trouble of the platform only on arm64 and with uefi'],
    ],
    ['a flake', four, 'PLPL', ['a is flaky on all 2 targets with uefi, and on no other']],
    [
      'two axes that are the same',
      [
        ['x86_64', 'bios'],
        ['arm64', 'uefi'],
      ],
      'PF',
      ['a fails only on arm64 or with uefi, which these targets do not tell apart'],
    ],
    [
      'with a TPM',
      [
        ['x86_64', 'uefi', 'off'],
        ['x86_64', 'uefi', 'on'],
      ],
      'PF',
      ['a fails only with a TPM'],
    ],
    [
      'an axis that one does not have',
      [
        ['x86_64', 'uefi'],
        ['x86_64', 'uefi', 'on'],
      ],
      'FP',
      ['a fails only without a TPM for every test'],
    ],
    [
      'a channel',
      [
        ['x86_64', 'uefi', 'on', 'beta'],
        ['x86_64', 'uefi', 'on'],
      ],
      'FP',
      ['a fails only with channel beta'],
    ],
    [
      'a column that does not have it',
      four,
      ' PF ',
      ['a fails only on arm64 or with direct boot, which these targets do not tell apart'],
    ],
  ])('%s', (_, cells, row, expected) => {
    expect(sentences(cells, { a: row })).toEqual(expected)
  })

  it('says the same of several tests once, the gravest and the most first', () => {
    const rows = { a: 'PPPL', b: 'PPFF', c: 'PFPF', d: 'PPFF', e: 'PPFF' }
    expect(sentences(four, rows)).toEqual([
      'b, d, e fail on all 2 targets on arm64, and on no other',
      'c fails on all 2 targets with uefi, and on no other',
      'a is flaky only on arm64 and with uefi',
    ])
  })
})

it('names what runs nowhere, and only where there is more than one column', () => {
  const of = (cells: readonly Cell[], rows: Readonly<Record<string, string>>) => {
    const columns = columnsOf(summarizeRuns(runsOf(cells, rows)))
    return nowhereOf(columns, rowsOf(columns))
  }
  expect(of(four, { a: 'SSSS', b: 'SSSP', c: 'SS  ' })).toEqual([
    { test: 'a', reasons: ['not here'] },
    { test: 'c', reasons: ['not here'] },
  ])
  expect(of(four.slice(0, 1), { a: 'S' })).toEqual([])
})

it('heads columns by what tells them apart', () => {
  const labels = (cells: readonly Cell[]) =>
    columnLabels(columnsOf({ runs: runsOf(cells, {}) })).map((parts) => parts.join('|'))
  expect(labels(four)).toEqual(['x86_64|direct', 'x86_64|uefi', 'arm64|direct', 'arm64|uefi'])
  expect(
    labels([
      ['x86_64', 'uefi'],
      ['x86_64', 'uefi', 'on'],
      ['x86_64', 'uefi-secure', 'off'],
    ]),
  ).toEqual(['uefi', 'uefi|tpm', 'uefi-secure|no tpm'])
  expect(labels(four.slice(0, 1))).toEqual(['qemu-x86_64-direct-stable'])
})
