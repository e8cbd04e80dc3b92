// Tests whose verdict once differed between a fork and a cold boot: they are booted until the test or Signalbox changes.
// A cache of this user: losing it costs a wrong fork that the next audit finds again.

import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheFolder } from '../folders.ts'
import type { RegisteredTest } from '../registry.ts'
import { toolVersion } from '../version.ts'

interface Mark {
  /** What the test and the tool were when it was marked. */
  readonly fingerprint: string
  readonly reason: string
  /** ISO 8601. */
  readonly at: string
}

const path = (): string => join(cacheFolder(), 'cold-only.json')

/** The marked ones among these tests. */
export function coldOnlyTests(tests: readonly RegisteredTest[]): ReadonlySet<string> {
  const marks = readMarks()
  return new Set(
    tests.filter((test) => marks[test.name]?.fingerprint === fingerprint(test)).map(({ name }) => name),
  )
}

/** Marks a test. Silent when the cache cannot be written. */
export function markColdOnly(test: RegisteredTest, reason: string): void {
  const marks = {
    ...readMarks(),
    [test.name]: { fingerprint: fingerprint(test), reason, at: new Date().toISOString() },
  }
  try {
    mkdirSync(dirname(path()), { recursive: true })
    const fresh = `${path()}.${process.pid}.new`
    writeFileSync(fresh, `${JSON.stringify(marks, undefined, 1)}\n`)
    renameSync(fresh, path())
  } catch {
    // A read-only home: the divergence is reported all the same.
  }
}

/** All marks, for people; those of tests that have changed since no longer count. */
export function listColdOnly(): readonly {
  readonly test: string
  readonly reason: string
  readonly at: string
}[] {
  return Object.entries(readMarks()).map(([test, { reason, at }]) => ({ test, reason, at }))
}

/** Forgets all marks; returns the tests that had one. */
export function forgetColdOnly(): readonly string[] {
  const names = Object.keys(readMarks())
  rmSync(path(), { force: true })
  return names
}

function readMarks(): Readonly<Record<string, Mark>> {
  try {
    return (JSON.parse(readFileSync(path(), 'utf8')) as Record<string, Mark> | null) ?? {}
  } catch {
    return {}
  }
}

function fingerprint({ body, preparation, requirements }: RegisteredTest): string {
  const text = JSON.stringify([toolVersion, body.toString(), preparation?.body.toString(), requirements])
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
