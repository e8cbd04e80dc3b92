import { describe, expect, it } from 'vitest'
import { MOST_SUBTESTS, readTap, type Subtest, type TapVerdict } from './tap.ts'

function read(text: string): { readonly verdict: TapVerdict; readonly subtests: readonly Subtest[] } {
  const subtests: Subtest[] = []
  const reader = readTap((subtest) => void subtests.push(subtest))
  for (const line of text.split('\n')) reader.line(line)
  return { verdict: reader.end(), subtests }
}

describe('what is no TAP', () => {
  it.each(['', 'hello\n', 'ok it works\n+ echo ok\nok again\n', '1..3 sheep\n', '1..3\n', 'TAP is nice\n'])(
    '%j',
    (text) => {
      expect(read(text)).toEqual({ verdict: { kind: 'none' }, subtests: [] })
    },
  )
})

it('TAP 14 with its subtests, skips and todos', () => {
  const { verdict, subtests } = read(
    [
      'TAP version 14',
      '# Subtest: disks',
      '    ok 1 - root',
      '    ok 2 - data # SKIP none here',
      '    1..2',
      'ok 1 - disks',
      'not ok 2 - later # TODO some day',
      'ok 3 - timed',
      '  ---',
      '  duration_ms: 12.5',
      '  ...',
      '1..3',
    ].join('\n'),
  )
  expect(verdict).toMatchObject({ kind: 'passed' })
  expect(subtests.map(({ name, outcome }) => [name, outcome])).toEqual([
    ['disks > root', 'passed'],
    ['disks > data', 'skipped'],
    ['disks', 'passed'],
    ['later', 'todo'],
    ['timed', 'passed'],
  ])
  expect(subtests[1]?.message).toBe('none here')
})

it('TAP 13 that fails, with the diagnosis', () => {
  const { verdict, subtests } = read(
    'TAP version 13\n1..2\nok 1 - a\nnot ok 2 - b\n  ---\n  got: 1\n  wanted: 2\n  ...\n',
  )
  expect(verdict).toEqual({ kind: 'failed', message: '1 of 2 subtests failed: "b"', details: ['b'] })
  expect(subtests[1]).toEqual({ name: 'b', outcome: 'failed', message: '{"got":1,"wanted":2}' })
})

it('noise between points is no fault', () => {
  expect(read('starting\n1..1\n+ do it\nok 1\nbye\n').verdict).toMatchObject({ kind: 'passed', points: 1 })
})

describe('TAP that is not kept', () => {
  it.each([
    ['too few points', '1..3\nok 1\nok 2\n', /not valid: incorrect number of tests/],
    ['too many points', '1..1\nok 1\nok 2\n', /not valid: /],
    ['no plan', 'TAP version 13\nok 1\n', /not valid: no plan/],
    ['a number twice', '1..2\nok 1\nok 1\n', /not valid: /],
    ['a bail-out', 'TAP version 13\n1..2\nok 1\nBail out! no disk\n', /bailed out: no disk/],
    ['nothing but the version', 'TAP version 14\n', /not valid: no plan/],
  ])('%s', (_, text, message) => {
    const { verdict } = read(text)
    expect(verdict.kind).toBe('failed')
    expect(verdict.kind === 'failed' ? verdict.message : '').toMatch(message)
  })
})

it('a plan of nothing is a skip with its reason', () => {
  expect(read('1..0 # SKIP no GPU\n').verdict).toEqual({ kind: 'skipped', reason: 'no GPU' })
  expect(read('TAP version 13\n1..0\n').verdict.kind).toBe('skipped')
})

it('hostile names are made safe, and endless output is bounded', () => {
  const { subtests } = read('1..1\nnot ok 1 - \u001B[31mred\u001B[0m <b>\u202E\n')
  expect(subtests[0]?.name).toBe('red <b>')
  const count = MOST_SUBTESTS + 500
  const many = read(
    `1..${count}\n${Array.from({ length: count }, (_, index) => `ok ${index + 1} - ${'x'.repeat(2000)}`).join('\n')}`,
  )
  expect(many.verdict).toMatchObject({ kind: 'passed', points: count })
  expect(many.subtests).toHaveLength(MOST_SUBTESTS)
  expect(many.subtests[0]?.name.length).toBeLessThanOrEqual(300)
})

it('never crashes, whatever comes', () => {
  const alphabet = [
    'ok',
    'not ok',
    '1..',
    '1',
    ' ',
    '\n',
    '    ',
    '#',
    '---',
    '...',
    '{',
    '}',
    'TAP version 14',
    '\u0000',
    '- x',
    ':',
    '&a',
    '*a',
  ]
  let seed = 7
  const next = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648)
  for (let round = 0; round < 300; round += 1) {
    const text = Array.from({ length: 40 }, () => alphabet[next() % alphabet.length] ?? '').join('')
    expect(() => read(`TAP version 14\n${text}`)).not.toThrow()
  }
})
