import { expect, it } from 'vitest'
import type { TapVerdict } from './tap.ts'
import { judgeEnd } from './verdict.ts'

const none: TapVerdict = { kind: 'none' }
const bad: TapVerdict = { kind: 'failed', message: '1 of 2 subtests failed: "b"', details: ['b'] }

it.each([
  [0, none, [], { kind: 'passed' }],
  [0, { kind: 'passed', points: 2 }, [], { kind: 'passed' }],
  [0, bad, ['x'], { kind: 'failed', code: 'external-tap', message: bad.message }],
  [0, { kind: 'skipped', reason: 'no GPU' }, [], { kind: 'skipped', reason: 'no GPU' }],
  [77, none, ['a', 'no moon', ''], { kind: 'skipped', reason: 'no moon' }],
  [77, none, [], { kind: 'skipped', reason: 'exit status 77 and no output' }],
  [
    3,
    none,
    ['\u001B[31mwhy\u001B[0m', ''],
    { kind: 'failed', message: 'the test ended with exit status 3: why' },
  ],
  [1, bad, ['x'], { kind: 'failed', message: `the test ended with exit status 1: ${bad.message}` }],
  [
    137,
    none,
    [],
    {
      kind: 'failed',
      code: 'external-signal',
      message: 'the test was ended by SIGKILL (exit status 137); it said nothing',
    },
  ],
  [143, none, ['x'], { kind: 'failed', message: 'the test was ended by SIGTERM (exit status 143): x' }],
  [127, none, ['x'], { kind: 'failed', hint: 'the program that its first line names is not in the image' }],
] as const)('status %i, %j', (status, tap, lastLines, expected) => {
  expect(judgeEnd({ status, tap, lastLines })).toMatchObject(expected)
})
