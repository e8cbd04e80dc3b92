// The data of the page: the index at once, the details of an attempt when they are wanted.

import type {
  AttemptDetail,
  AttemptLogs,
  PageAttempt,
  PageBaseline,
  PageCell,
  PageIndex,
  PageRun,
  PageTest,
} from '../data.ts'
import { unpackItems, type PackedItems } from './codec.ts'
import type { AttemptAddress } from './route.ts'

/** An attempt with all that it belongs to. */
export interface Found {
  readonly run: PageRun
  readonly test: PageTest
  readonly cell: PageCell
  readonly attempt: PageAttempt
  /** It is of an earlier run. */
  readonly baseline?: PageBaseline
}

export interface Store {
  readonly index: PageIndex
  find(at: AttemptAddress): Found | undefined
  detail(attempt: PageAttempt): Promise<AttemptDetail | undefined>
  logs(attempt: PageAttempt): Promise<AttemptLogs | undefined>
}

type Packed<T> = Omit<T, 'items'> & { readonly items: PackedItems }

function unpacked<T>(
  entry: Packed<T> | undefined,
): (Omit<T, 'items'> & Pick<AttemptLogs, 'items'>) | undefined {
  return entry === undefined ? undefined : { ...entry, items: unpackItems(entry.items) }
}

/** Reads the index out of the document. */
export function openStore(): Store {
  const index = JSON.parse(document.getElementById('index')?.textContent ?? '') as PageIndex
  // Chunks come behind the script.
  const whole =
    document.readyState === 'loading'
      ? new Promise((resolve) => document.addEventListener('DOMContentLoaded', resolve, { once: true }))
      : Promise.resolve()
  const chunks = new Map<number, Promise<readonly unknown[]>>()
  const chunk = async (number: number): Promise<readonly unknown[]> => {
    const known = chunks.get(number)
    if (known !== undefined) return await known
    const fresh = whole.then(
      async () => await decode(document.getElementById(`chunk-${number}`)?.textContent ?? ''),
    )
    chunks.set(number, fresh)
    // A few are enough: who reads goes from one attempt to the next.
    if (chunks.size > 8) chunks.delete(chunks.keys().next().value ?? number)
    return await fresh
  }
  const entry = async <T>(place: readonly [number, number] | undefined): Promise<Packed<T> | undefined> =>
    place === undefined ? undefined : ((await chunk(place[0]))[place[1]] as Packed<T> | undefined)
  return {
    index,
    find: (at) => findIn(index, at),
    detail: async (attempt) => unpacked(await entry<AttemptDetail>(attempt.d)),
    logs: async (attempt) => unpacked(await entry<AttemptLogs>(attempt.l)),
  }
}

function findIn(index: PageIndex, { run: runName, test: testName, n }: AttemptAddress): Found | undefined {
  for (const run of index.runs) {
    if (run.run !== runName) continue
    const cell = run.cells.find(({ t }) => index.tests[t]?.name === testName)
    const test = cell === undefined ? undefined : index.tests[cell.t]
    if (cell === undefined || test === undefined) continue
    const attempt = cell.a.find((each) => each.n === n) ?? cell.a.at(-1)
    if (attempt !== undefined) return { run, test, cell, attempt }
  }
  return findBaseline(index, { run: runName, test: testName, n })
}

function findBaseline(index: PageIndex, at: AttemptAddress): Found | undefined {
  const baseline = index.baselines.find(({ run, t }) => run === at.run && index.tests[t]?.name === at.test)
  const test = baseline === undefined ? undefined : index.tests[baseline.t]
  if (baseline === undefined || test === undefined) return undefined
  const attempt = baseline.a
  const cell: PageCell = { t: baseline.t, v: 'passed', ms: attempt.ms, a: [attempt] }
  const run: PageRun = {
    run: baseline.run,
    name: baseline.target,
    label: [baseline.target],
    state: 'finished',
    endLines: [],
    startedAt: baseline.startedAt,
    durationMs: 0,
    facts: baseline.image === undefined ? [] : [['image', baseline.image]],
    notices: [],
    rerun: [],
    cells: [cell],
  }
  return { run, test, cell, attempt, baseline }
}

async function decode(base64: string): Promise<readonly unknown[]> {
  const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0))
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))
  return (await new Response(stream).json()) as readonly unknown[]
}
