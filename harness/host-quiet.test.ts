// Quiet and busy hosts as a table, and the wait on a clock of our own.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { busyReason, openQuiet, readHostLoad, somePercent, type HostLoad } from './host-quiet.ts'

it.each<[HostLoad, string | undefined]>([
  [{ cpuPercent: 0, ioPercent: 0, load: 9 }, undefined],
  [{ cpuPercent: 10, ioPercent: 10, load: 0 }, undefined],
  [{ cpuPercent: 42.4, ioPercent: 0, load: 0 }, 'CPU pressure is 42 %'],
  [{ cpuPercent: 0, ioPercent: 11, load: 0 }, 'I/O pressure is 11 %'],
  [{ cpuPercent: undefined, ioPercent: undefined, load: 0.5 }, undefined],
  [{ cpuPercent: undefined, ioPercent: undefined, load: 1.25 }, 'the load is 1.3 a CPU'],
])('%j: %s', (load, reason) => {
  expect(busyReason(load)).toBe(reason)
})

it('reads what the kernel tells, and the load where it does not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pressure-'))
  try {
    expect(readHostLoad(folder)).toMatchObject({ cpuPercent: undefined, ioPercent: undefined })
    writeFileSync(join(folder, 'cpu'), 'some avg10=12.34 avg60=1.00 avg300=2.00 total=3\n')
    expect(readHostLoad(folder)).toMatchObject({ cpuPercent: 12.34, ioPercent: undefined })
    expect(readHostLoad(folder).load).toBeGreaterThanOrEqual(0)
    expect(somePercent('full avg10=50.00 avg60=0.00 avg300=0.00 total=1\n')).toBeUndefined()
  } finally {
    rmSync(folder, { recursive: true })
  }
})

/** A host that is busy until a moment; the clock moves only when somebody waits. */
function host(busyUntilMs: number, budgetMs: number) {
  const told: string[] = []
  const clock = { now: 0 }
  const whenQuiet = openQuiet({
    budgetMs,
    busy: () => (clock.now < busyUntilMs ? 'CPU pressure is 99 %' : undefined),
    onBusy: (reason) => told.push(reason),
    signal: new AbortController().signal,
    now: () => clock.now,
    wait: async (ms) => {
      clock.now += ms
      await Promise.resolve()
    },
  })
  return { told, clock, whenQuiet }
}

it('waits until the host is quiet', async () => {
  const { whenQuiet, told, clock } = host(1800, 60_000)
  expect(await whenQuiet()).toEqual({ waitedMs: 2000, quiet: true })
  expect(await whenQuiet()).toEqual({ waitedMs: 0, quiet: true })
  expect({ told, now: clock.now }).toEqual({ told: [], now: 2000 })
})

it('waits no longer than its budget in all, and says so once', async () => {
  const { whenQuiet, told, clock } = host(Infinity, 1200)
  expect(await whenQuiet()).toEqual({ waitedMs: 1200, quiet: false })
  expect(await whenQuiet()).toEqual({ waitedMs: 0, quiet: false })
  expect({ told, now: clock.now }).toEqual({ told: ['CPU pressure is 99 %'], now: 1200 })
})

it('stops waiting when the run is interrupted', async () => {
  const interrupted = new Error('interrupted')
  const whenQuiet = openQuiet({
    budgetMs: 60_000,
    busy: () => 'busy',
    onBusy: () => undefined,
    signal: AbortSignal.abort(interrupted),
  })
  await expect(whenQuiet()).rejects.toBe(interrupted)
})
