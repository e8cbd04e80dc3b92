// Pressure files of several kernels, and who may start under them.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mayStart, parsePressure, readPressure } from './host-pressure.ts'
import { privateMemoryMiB } from './private-memory.ts'

const psi = (some: string, full = '0.00'): string =>
  [
    `some avg10=${some} avg60=33.00 avg300=44.00 total=5555`,
    `full avg10=${full} avg60=7.00 avg300=8.00 total=99`,
    '',
  ].join('\n')

test.each([
  [psi('0.00'), 0],
  [psi('12.34'), 12.34],
  [psi('100.00'), 100],
  [psi('7', '90.00'), 7],
  // Without the line, without the file, or cut off: nothing is known, and nothing is held up.
  ['full avg10=50.00 avg60=0.00 avg300=0.00 total=1\n', 0],
  ['', 0],
  ['some avg10=', 0],
  ['awesome avg10=55.00', 0],
])('%j is a pressure of %d %%', (text, percent) => {
  expect(parsePressure(text)).toBe(percent)
})

test.each([
  [100, { memoryPercent: 0, availableMiB: 4000 }, true],
  [100, { memoryPercent: 10, availableMiB: 868 }, true],
  [100, { memoryPercent: 10.01, availableMiB: 4000 }, false],
  [100, { memoryPercent: 0, availableMiB: 867 }, false],
  [4000, { memoryPercent: 0, availableMiB: 4000 }, false],
  [0, { memoryPercent: 0, availableMiB: 768 }, true],
])('%d MiB under %j: %s', (wanted, pressure, may) => {
  expect(mayStart(wanted, pressure)).toEqual(may ? true : { retryAfterMs: 1000 })
})

test('is read from the kernel, and from none that does not tell', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pressure-'))
  try {
    const path = join(folder, 'memory')
    expect(readPressure(path).memoryPercent).toBe(0)
    writeFileSync(path, psi('42.00'))
    const { memoryPercent, availableMiB } = readPressure(path)
    expect(memoryPercent).toBe(42)
    expect(availableMiB).toBeGreaterThan(10)
    expect(availableMiB).toBeLessThan(process.availableMemory() / 1024 / 512)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('what a process alone uses grows with what it writes', () => {
  const before = privateMemoryMiB(process.pid) ?? expect.unreachable()
  const written = Buffer.alloc(64 * 1024 * 1024, 1)
  const after = privateMemoryMiB(process.pid) ?? expect.unreachable()
  const writtenMiB = written.length / 1024 / 1024
  expect(after - before).toBeGreaterThan(writtenMiB / 2)
  expect(after - before).toBeLessThan(writtenMiB * 4)
  expect(privateMemoryMiB(2 ** 22 + 1)).toBeUndefined()
})
