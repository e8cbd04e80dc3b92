// Quoting against the shell that it is for: the real bash, in the locales that a guest's services run in.

import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { ansiQuote, unquoteBash } from './bash-text.ts'

const controls = Array.from({ length: 31 }, (_, index) => String.fromCodePoint(index + 1))

/** Texts that a config, a key or a guest's output might hold. */
const texts: readonly string[] = [
  '',
  ' ',
  '  leading and trailing  ',
  'plain',
  "it's",
  "'",
  "''",
  "'\\''",
  '"double" and `back` and $HOME and $(id) and !history',
  'a\nb\n',
  '\n',
  'a\r\nb\r',
  '\\',
  '\\\\',
  '\\n is not a newline',
  "\\'",
  '\\101 \\x41 \\u0041 \\cA \\e',
  'tab\tand\vvertical\fform',
  "$'nested' 'quotes'",
  '# no comment; no end & no | pipe > file',
  '* ? [a-z] {a,b} ~',
  'é',
  'naïve — “quotes” … 日本語 🦀 e\u0301',
  'é\n日本\n',
  'control \u0085 next to é',
  '\u200B\u202E\uFEFF',
  '\u001B[31mred\u001B[0m\u001B]0;title\u0007',
  '\u007F',
  ...controls,
  controls.join(''),
  controls.map((control) => `${control}0`).join('7'),
  '-n',
  '-e \\n',
  '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk+/=\n-----END OPENSSH PRIVATE KEY-----\n',
  'x'.repeat(100_000),
]

/** What bash holds after each assignment, and how it quotes that. */
function askBash(assignments: readonly string[], locale: string) {
  const script = assignments
    .map((assignment) => `${assignment}\nprintf '%s\\0%s\\0' "$o" "\${o@Q}"`)
    .join('\n')
  const { stdout, stderr, status } = spawnSync('/bin/bash', ['--norc', '--noprofile'], {
    input: script,
    env: { LC_ALL: locale },
    maxBuffer: 16 * 1024 * 1024,
  })
  expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: '' })
  const parts = stdout.toString('utf8').split('\0').slice(0, -1)
  return assignments.map((_, index) => ({ held: parts[index * 2], quoted: parts[index * 2 + 1] ?? '' }))
}

describe.each(['C', 'C.UTF-8'])('in the locale %s', (locale) => {
  const answers = askBash(
    texts.map((text) => `o=${ansiQuote(text)}`),
    locale,
  )

  test('what is quoted for bash is what bash holds', () => {
    expect(answers.map(({ held }) => held)).toEqual(texts)
  })

  test('what bash quotes is what it held', () => {
    expect(answers.map(({ quoted }) => unquoteBash(quoted))).toEqual(texts)
  })

  test('both are one line each', () => {
    for (const { quoted } of answers) expect(quoted).not.toMatch(/[\n\r]/)
    for (const text of texts) expect(ansiQuote(text)).not.toMatch(/[\n\r]/)
  })

  test('bytes that are no text come back replaced', () => {
    const [answer] = askBash(["o=$'a\\xff\\xc3b\\303\\251'"], locale)
    expect(unquoteBash(answer?.quoted ?? '')).toBe('a\uFFFD\uFFFDbé')
  })
})

test('a NUL, which no shell can hold, is left out', () => {
  expect(ansiQuote('a\0b')).toBe("$'ab'")
})

test.each([
  ['no quotes at all', 'no quotes at all'],
  ["'unfinished", 'unfinished'],
  ["$'unfinished \\n", '$unfinished n'],
  ["$'bad \\q escape'", 'bad q escape'],
  ["$'\\777'", '\uFFFD'],
  ["'a' 'b'", 'a b'],
  ['', ''],
])('hostile text %j becomes text', (hostile, text) => {
  expect(unquoteBash(hostile)).toBe(text)
})

// With time that grows with the square of the length, a million of them would not end within the limit of a test.
test.each(["'", '\\', "$'", "$'\\", "'\\''"])('a flood of %s is read to its end', (flood) => {
  expect(unquoteBash(flood.repeat(1_000_000)).length).toBeLessThanOrEqual(flood.length * 1_000_000)
})
