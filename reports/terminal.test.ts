// What the output can show, as a table of environments; and widths.

import { describe, expect, test } from 'vitest'

import { type Environment, terminalOf, toAscii } from './terminal.ts'
import { cutToWidth, textWidth } from './text-width.ts'

const utf8 = { LANG: 'en_US.UTF-8', TERM: 'xterm' }

const environments: readonly (readonly [tty: boolean, env: Environment, want: string])[] = [
  [true, utf8, 'live colors unicode'],
  [false, utf8, 'unicode'],
  [true, { ...utf8, CI: 'true' }, 'colors unicode'],
  [true, { ...utf8, CI: 'false' }, 'live colors unicode'],
  [true, { ...utf8, CI: '' }, 'live colors unicode'],
  [true, { ...utf8, NO_COLOR: '1' }, 'unicode'],
  [true, { ...utf8, NO_COLOR: '' }, 'live colors unicode'],
  [true, { ...utf8, TERM: 'dumb' }, 'unicode'],
  [false, { ...utf8, FORCE_COLOR: '1' }, 'colors unicode'],
  [false, { ...utf8, FORCE_COLOR: '' }, 'colors unicode'],
  [true, { ...utf8, FORCE_COLOR: '0' }, 'live unicode'],
  [false, { ...utf8, FORCE_COLOR: '1', NO_COLOR: '1' }, 'unicode'],
  [true, { TERM: 'xterm' }, 'live colors'],
  [true, { TERM: 'xterm', LANG: 'C' }, 'live colors'],
  [true, { TERM: 'xterm', LANG: 'C', LC_ALL: 'C.utf8' }, 'live colors unicode'],
  [true, { TERM: 'xterm', LANG: 'C.UTF-8', LC_ALL: 'POSIX' }, 'live colors'],
  [true, { TERM: 'xterm', LANG: 'C', LC_CTYPE: 'C.UTF-8' }, 'live colors unicode'],
]

test.each(environments)('TTY %s, %o: %s', (isTTY, env, want) => {
  const found = terminalOf({ isTTY, write: () => true }, env)
  const words = [found.live ? 'live' : '', found.colors ? 'colors' : '', found.unicode ? 'unicode' : '']
  expect(words.filter((word) => word !== '').join(' ')).toBe(want)
})

describe('widths', () => {
  test.each([
    ['', 0],
    ['abc', 3],
    ['größe', 5],
    ['\u001B[31mred\u001B[39m', 3],
    ['日本', 4],
    ['🚂', 2],
    ['e\u0301', 1],
    ['✓ ✗ ≈ ⠋ ━ …', 11],
    ['✅', 2],
  ])('%s', (text, width) => {
    expect(textWidth(text)).toBe(width)
  })

  test.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['abc', 0, ''],
    ['ab cd', 4, 'ab…'],
  ])('%s in %i', (text, columns, cut) => {
    expect(cutToWidth(text, columns)).toBe(cut)
    expect(textWidth(cutToWidth(text, columns))).toBeLessThanOrEqual(columns)
  })
})

test('toAscii spells our own signs out and nothing else', () => {
  expect(toAscii('a … b ⏎ c – d é 🚂')).toBe('a ... b \\n c - d ? ?')
})
