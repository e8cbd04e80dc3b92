// What every history must do with nightlies, whichever database holds it.

import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RunSummary } from '../run-summary.ts'
import {
  claimNightly,
  compareNightlies,
  type History,
  importRun,
  lastNightly,
  type NightlyClaim,
  pruneRuns,
  slowerThanRecorded,
  updateNightly,
} from './index.ts'
import { BEGAN, DAY_MS, shaped } from './shaped-run.test.data.ts'

/** Declares the tests; `open` opens the same fresh, empty history each time it is called within one test. */
export function nightlySuite(open: () => Promise<History>): void {
  let history: History
  beforeEach(async () => {
    history = await open()
  })
  afterEach(async () => {
    await history[Symbol.asyncDispose]()
  })
  const put = async (...runs: readonly RunSummary[]): Promise<void> => {
    for (const run of runs) await importRun(history, { run, source: 'x' })
  }
  const claim = async (
    owner: string,
    nowMs: number,
    {
      living = [],
      name = 'config',
      host = 'here',
    }: { living?: readonly string[]; name?: string; host?: string } = {},
  ): Promise<NightlyClaim> =>
    await claimNightly(history, { name, nowMs, host, owner, isAlive: (other) => living.includes(other) })
  const idOf = (claimed: NightlyClaim): number => {
    if (claimed.kind !== 'claimed') throw new Error(`not claimed: ${claimed.by.owner}`)
    return claimed.id
  }
  const whole = async (owner: string, nowMs: number, run: string, name = 'config'): Promise<number> => {
    const id = idOf(await claim(owner, nowMs, { name }))
    await updateNightly(history, id, { run, folder: `/out/${run}`, ended: { atMs: nowMs + 1, exitCode: 0 } })
    return id
  }

  test('one runs at a time, of whatever name; two that begin at once are not both let in', async () => {
    await using again = await open()
    const options = { name: 'config', nowMs: 1, host: 'here', isAlive: () => true }
    const [one, other] = await Promise.all([
      claimNightly(history, { ...options, owner: 'one' }),
      claimNightly(again, { ...options, owner: 'other', name: 'else' }),
    ])
    expect([one.kind, other.kind].toSorted()).toEqual(['claimed', 'running'])
    const id = one.kind === 'claimed' ? one.id : idOf(other)
    expect(await claim('third', 2, { living: ['one', 'other'] })).toMatchObject({
      kind: 'running',
      by: { id, atMs: 1 },
    })
    await updateNightly(history, id, { ended: { atMs: 3, exitCode: 1 } })
    expect(await claim('third', 4, { living: ['one', 'other'] })).toMatchObject({ kind: 'claimed', lost: [] })
  })

  test('one whose process is gone did not end, and is told once, with what it left', async () => {
    const id = idOf(await claim('dead', 1))
    await updateNightly(history, id, { run: 'r1', folder: '/out/r1' })
    expect(await claim('next', 2)).toMatchObject({
      kind: 'claimed',
      lost: [{ id, run: 'r1', folder: '/out/r1', host: 'here', atMs: 1 }],
    })
    expect(await claim('after', 3, { living: ['next'] })).toMatchObject({
      kind: 'running',
      by: { owner: 'next' },
    })
  })

  test('of one on another host only its silence tells', async () => {
    const id = idOf(await claim('far', 0, { host: 'there' }))
    const minute = 60_000
    expect((await claim('near', 14 * minute)).kind).toBe('running')
    await updateNightly(history, id, { beatMs: 10 * minute })
    expect((await claim('near', 24 * minute)).kind).toBe('running')
    expect(await claim('near', 25 * minute)).toMatchObject({ kind: 'claimed', lost: [{ id }] })
  })

  test('the last one is of the same name, has ended, and has runs in the history', async () => {
    await put(
      shaped({ run: 'r1.a', day: 0, tests: { a: 'P' } }),
      shaped({ run: 'r3', day: 2, tests: { a: 'P' } }),
    )
    const first = await whole('one', 1, 'r1')
    await whole('two', 2, 'r2')
    await whole('three', 3, 'r3', 'else')
    const killed = idOf(await claim('four', 4))
    await updateNightly(history, killed, { run: 'r3' })
    expect((await lastNightly(history, 'config'))?.id).toBe(first)
    expect((await lastNightly(history, 'else'))?.run).toBe('r3')
    expect(await lastNightly(history, 'none')).toBeUndefined()
    expect(await lastNightly(history, 'config', first)).toBeUndefined()
  })

  test('old ones go with their runs; one that runs stays', async () => {
    await whole('one', 1, 'r1')
    const running = idOf(await claim('two', 2, { living: [] }))
    await pruneRuns(history, { beforeMs: 10 })
    expect(await history.db.selectFrom('nightlies').select('id').execute()).toEqual([{ id: running }])
  })

  test('what has changed, target by target', async () => {
    await put(
      shaped({
        run: 'r1.a',
        target: 'a',
        day: 0,
        tests: { breaks: 'P', mended: 'F', red: 'F', shaky: 'P', lost: 'P', off: 'P' },
      }),
      shaped({ run: 'r1.b', target: 'b', day: 0, tests: { breaks: 'F' } }),
      shaped({ run: 'r1.c', target: 'c', day: 0, tests: { breaks: 'P' } }),
      // One whose name only begins alike.
      shaped({ run: 'r1x.a', target: 'a', day: 0, tests: { breaks: 'F' } }),
      shaped({
        run: 'r2.a',
        target: 'a',
        day: 1,
        tests: { breaks: 'F', mended: 'P', red: 'F', shaky: 'FP', lost: 'I', fresh: 'F' },
      }),
      shaped({ run: 'r2.b', target: 'b', day: 1, tests: { breaks: 'F' } }),
      shaped({ run: 'r2.d', target: 'd', day: 1, tests: { breaks: 'P' } }),
    )
    const found = await compareNightlies(history, 'r1', 'r2')
    const cells = (all: readonly { readonly test: string; readonly target: string }[]): readonly string[] =>
      all.map(({ test: name, target }) => `${name} ${target}`)
    expect({
      newlyRed: cells(found.newlyRed),
      redAndNew: cells(found.redAndNew),
      stillRed: cells(found.stillRed),
      mended: cells(found.mended),
      newlyFlaky: cells(found.newlyFlaky),
      newlyInfra: cells(found.newlyInfra),
      unjudged: cells(found.unjudged),
      targets: [found.lostTargets, found.newTargets],
    }).toEqual({
      newlyRed: ['breaks a'],
      redAndNew: ['fresh a'],
      stillRed: ['red a', 'breaks b'],
      mended: ['mended a'],
      newlyFlaky: ['shaky a'],
      newlyInfra: ['lost a'],
      unjudged: ['lost a', 'off a', 'breaks c'],
      targets: [['c'], ['d']],
    })
  })

  test('what took longer than ever before is told from five durations on, and by more than a trifle', async () => {
    const night = (run: string, day: number, ms: Readonly<Record<string, number>>): RunSummary => {
      const tests = Object.fromEntries(Object.keys(ms).map((name) => [name, 'P']))
      const made = shaped({ run, day, tests, target: 'a' })
      return { ...made, tests: made.tests.map((each) => ({ ...each, durationMs: ms[each.test] ?? 0 })) }
    }
    const before = { slow: 60_000, steady: 60_000, short: 100, young: 60_000 }
    for (const day of [1, 2, 3, 4, 5])
      await put(night(`r${day}`, day, day === 1 ? { slow: 50_000, steady: 60_000, short: 100 } : before))
    await put(night('old', -40, { slow: 900_000 }))
    await put(night('now.a', 6, { slow: 80_000, steady: 65_000, short: 1000, young: 80_000 }))
    expect(await slowerThanRecorded(history, 'now', BEGAN - 30 * DAY_MS)).toEqual([
      {
        test: 'slow',
        target: 'a',
        durationMs: 80_000,
        recorded: { leastMs: 50_000, mostMs: 60_000, count: 5 },
      },
    ])
    expect(await slowerThanRecorded(history, 'nothing', BEGAN)).toEqual([])
  })
}
