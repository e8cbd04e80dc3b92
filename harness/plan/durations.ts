// How long tests took before on this host, for the order of the next run. A cache: losing it costs only order.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheFolder } from '../folders.ts'

/** Milliseconds by `<target> <test>`. */
export type Durations = ReadonlyMap<string, number>

/** How much slower than with KVM the machines of a target ran when its durations were taken, by target. */
export type Slownesses = ReadonlyMap<string, number>

export interface DurationBook {
  readonly durations: Durations
  readonly slownesses: Slownesses
}

const path = (): string => join(cacheFolder(), 'durations.json')

/** The key of the slownesses in the file; no target and test have it, for want of a space. */
const SLOWNESSES = 'slowness'

/** What is known; empty when nothing was ever kept or it cannot be read. */
export function loadDurations(): DurationBook {
  try {
    const { [SLOWNESSES]: slownesses = {}, ...durations } = JSON.parse(
      readFileSync(path(), 'utf8'),
    ) as Record<string, unknown>
    return { durations: numbersOf(durations), slownesses: numbersOf(slownesses as object) }
  } catch {
    return { durations: new Map(), slownesses: new Map() }
  }
}

function numbersOf(object: object): ReadonlyMap<string, number> {
  return new Map(
    Object.entries(object).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  )
}

/** Adds what a run of a target measured, half the old figure and half the new. Silent when the cache cannot be written. */
export function saveDurations(target: string, slowness: number, measured: Durations): void {
  const known = loadDurations()
  const merged = new Map(known.durations)
  for (const [test, ms] of measured) {
    const key = `${target} ${test}`
    const old = merged.get(key)
    merged.set(key, Math.round(old === undefined ? ms : (old + ms) / 2))
  }
  const slownesses = measured.size === 0 ? known.slownesses : new Map(known.slownesses).set(target, slowness)
  const file = {
    ...Object.fromEntries([...merged].toSorted()),
    [SLOWNESSES]: Object.fromEntries([...slownesses].toSorted()),
  }
  try {
    mkdirSync(dirname(path()), { recursive: true })
    const fresh = `${path()}.${process.pid}.new`
    writeFileSync(fresh, JSON.stringify(file, undefined, 1))
    renameSync(fresh, path())
  } catch {
    // A read-only home: the next run starts in the default order.
  }
}
