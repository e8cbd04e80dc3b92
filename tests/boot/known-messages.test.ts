import { expect, test } from 'vitest'
import { newMessages, normalised } from './known-messages.ts'

test.each([
  ['kernel: pci 0000:00:1f.2: BAR 4: [io 0x60a0-0x60bf]', 'kernel: pci #f.#: BAR #: [io #-#]'],
  ['systemd: took 1.250s for 7f3c9a0b1d2e', 'systemd: took #s for #'],
  ['eth0: 52:54:00:12:34:56 deadbeef', 'eth#: # #'],
])('%s', (line, expected) => {
  expect(normalised(line)).toBe(expected)
})

test('what is not known is named once, whatever its numbers are', () => {
  const known = 'kernel: mtrr: your CPUs had inconsistent fixed MTRR settings'
  expect(newMessages([known, 'a: b 1', 'a: b 22', 'a: c'])).toEqual(['a: b #', 'a: c'])
})
