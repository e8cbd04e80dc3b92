// How long tests took before on this host, for the order of the next run. A cache: losing it costs only order.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheFolder } from '../folders.ts'

/** Milliseconds by `<target> <test>`. */
export type Durations = ReadonlyMap<string, number>

const path = (): string => join(cacheFolder(), 'durations.json')

/** What is known; empty when nothing was ever kept or it cannot be read. */
export function loadDurations(): Durations {
  try {
    const entries = Object.entries(JSON.parse(readFileSync(path(), 'utf8')) as Record<string, unknown>)
    return new Map(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'))
  } catch {
    return new Map()
  }
}

/** Adds what a run measured, half the old figure and half the new. Silent when the cache cannot be written. */
export function saveDurations(measured: Durations): void {
  const merged = new Map(loadDurations())
  for (const [key, ms] of measured) {
    const old = merged.get(key)
    merged.set(key, Math.round(old === undefined ? ms : (old + ms) / 2))
  }
  try {
    mkdirSync(dirname(path()), { recursive: true })
    const fresh = `${path()}.${process.pid}.new`
    writeFileSync(fresh, JSON.stringify(Object.fromEntries([...merged].toSorted()), undefined, 1))
    renameSync(fresh, path())
  } catch {
    // A read-only home: the next run starts in the default order.
  }
}
