// Durations of tests from a file that all shards share: what a run took, or the durations that a host has kept.

import { readFile, stat } from 'node:fs/promises'
import { codeOf, UsageError } from '../errors.ts'
import type { Durations } from '../plan/durations.ts'

/** Reads a run folder, several of them in one, an `events.jsonl`, a `run.json` or a `durations.json`. */
export async function readDurations(path: string): Promise<Durations> {
  const info = await stat(path).catch((error: unknown) => {
    throw new UsageError(`the durations ${path} cannot be read: ${codeOf(error) ?? 'unknown error'}`, {
      code: 'no-durations',
      hint: 'give the folder of an earlier run, or its run.json',
    })
  })
  if (info.isDirectory() || path.endsWith('.jsonl')) {
    const { mergePaths, summarize } = await import('../../reports/index.ts')
    return fromRuns(summarize((await mergePaths([path])).events).runs)
  }
  const value = parse(await readFile(path, 'utf8'))
  const found = isObject(value) && Array.isArray(value['runs']) ? fromRuns(value['runs']) : fromTable(value)
  if (found.size > 0) return found
  throw new UsageError(`there are no durations in ${path}`, {
    code: 'no-durations',
    hint: 'give the folder of an earlier run, its run.json, or a file like { "<target> <test>": milliseconds }',
  })
}

function fromRuns(runs: readonly unknown[]): Durations {
  const found = new Map<string, number>()
  for (const run of runs) {
    if (!isObject(run) || !isObject(run['target']) || !Array.isArray(run['tests'])) continue
    for (const test of run['tests'] as readonly unknown[]) {
      if (!isObject(test) || !Array.isArray(test['attempts']) || test['attempts'].length === 0) continue
      const { durationMs } = test
      if (typeof durationMs === 'number')
        found.set(`${String(run['target']['name'])} ${String(test['test'])}`, Math.round(durationMs))
    }
  }
  return found
}

function fromTable(value: unknown): Durations {
  const entries = isObject(value) ? Object.entries(value) : []
  return new Map(
    entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] >= 0),
  )
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
