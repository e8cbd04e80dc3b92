// Real payloads that a guest can print, against the one place that makes text safe to show.

import { describe, expect, test } from 'vitest'

import { oneLine, plainText, tailText } from './hostile-text.ts'

const ESC = '\u001B'
const BEL = '\u0007'

const payloads: readonly (readonly [name: string, hostile: string, safe: string])[] = [
  ['plain text', 'ok\n\tindented', 'ok\n\tindented'],
  ['colours', `${ESC}[31mred${ESC}[0m`, 'red'],
  ['256 colours with sub-parameters', `${ESC}[38:5:196mred${ESC}[m`, 'red'],
  ['private modes', `a${ESC}[?1049hb${ESC}[?25lc`, 'abc'],
  ['cursor movement over the line above', `failed${ESC}[1A${ESC}[2Kpassed`, 'failedpassed'],
  ['device status report', `a${ESC}[6nb${ESC}[cb`, 'abb'],
  ['OSC 52 clipboard with BEL', `a${ESC}]52;c;cm0gLXJmIC8=${BEL}b`, 'ab'],
  ['OSC 52 clipboard with ST', `a${ESC}]52;c;cm0gLXJmIC8=${ESC}\\b`, 'ab'],
  ['window title', `${ESC}]0;owned${BEL}shown`, 'shown'],
  ['hyperlink', `${ESC}]8;;http://evil.example${ESC}\\click${ESC}]8;;${ESC}\\`, 'click'],
  ['8-bit OSC', 'a\u009D0;owned\u009Cb', 'ab'],
  ['8-bit CSI', 'a\u009B31mred\u009B0m', 'ared'],
  ['DCS (DECRQSS, sixel)', `a${ESC}P$q"p${ESC}\\b`, 'ab'],
  ['8-bit DCS', 'a\u0090qpayload\u009Cb', 'ab'],
  ['APC and PM', `a${ESC}_G payload${ESC}\\b${ESC}^x${ESC}\\c`, 'abc'],
  ['unterminated OSC keeps what follows', `a${ESC}]0;title\nKernel panic`, 'a0;title\nKernel panic'],
  ['unterminated OSC does not reach a BEL lines below', `${ESC}]0;x\npanic\n${BEL}end`, '0;x\npanic\nend'],
  ['unterminated CSI', `a${ESC}[31`, 'a'],
  ['lone escape at the end', `a${ESC}`, 'a'],
  ['character set switch', `a${ESC}(0b${ESC})Bc`, 'abc'],
  ['full reset', `a${ESC}cb`, 'ab'],
  ['removal leaves no new sequence', `${ESC}${ESC}[31m[2Jx`, '[2Jx'],
  ['split sequence around a NUL', `a${ESC}\u0000[31mb`, 'a[31mb'],
  ['NUL, backspace, DEL', 'a\u0000b\u0008c\u007Fd', 'abcd'],
  ['carriage return overwriting', 'not ok\rok', 'not okok'],
  ['CRLF', 'a\r\nb', 'a\nb'],
  ['bidi override', 'user\u202Etxt.exe', 'usertxt.exe'],
  ['bidi isolates and marks', 'a\u2066b\u2069\u200Fc\u061Cd', 'abcd'],
  ['line and paragraph separators', 'a\u2028b\u2029c', 'abc'],
  ['invisible tag characters', 'a\u{E0041}\u{E007F}b', 'ab'],
  ['byte-order mark and zero width', '\uFEFFa\u200Bb', 'ab'],
  ['escape inside UTF-8 text', `größe ${ESC}[7m日本語${ESC}[0m 🚂`, 'größe 日本語 🚂'],
  ['lone surrogates', 'a\uD800b\uDC00c', 'a\uFFFDb\uFFFDc'],
  ['HTML is left to the HTML writer', '<script>alert(1)</script>', '<script>alert(1)</script>'],
]

describe('plainText', () => {
  test.each(payloads)('%s', (_name, hostile, safe) => {
    expect(plainText(hostile)).toBe(safe)
  })

  test('leaves no control character of any kind, and is idempotent', () => {
    for (let code = 0; code < 0x100; code++) {
      const text = `${String.fromCharCode(code)}[31m${ESC}${String.fromCharCode(code)}x`
      const safe = plainText(text)
      expect(safe).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/)
      expect(plainText(safe)).toBe(safe)
    }
  })

  test('is linear in floods of openings', () => {
    const started = performance.now()
    for (const piece of [`${ESC}]`, '\u009D', `${ESC}[0;`, `${ESC}P0`, `${ESC} `, '\u009B1;'])
      plainText(piece.repeat(300_000))
    expect(performance.now() - started).toBeLessThan(5000)
  })

  test('an endless text is cut', () => {
    expect(plainText('x'.repeat(5_000_000))).toHaveLength((1 << 20) + 1)
  })
})

test('oneLine never holds a newline or tab, and never half of a character', () => {
  expect(oneLine('a\n\n  b\tc\n')).toBe('a ⏎ b c')
  expect(oneLine('🚂🚂🚂', 4)).toBe('🚂…')
  expect(oneLine('x'.repeat(400))).toHaveLength(300)
})

test('tailText marks a cut and keeps whole characters', () => {
  expect(tailText('abc', 3)).toBe('abc')
  expect(tailText('abcdef', 3)).toBe('…def')
  expect(tailText('a🚂b', 2)).toBe('…b')
})
