// What every history must do, whichever database holds it: the same tests for SQLite and PostgreSQL.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { repeatedRun } from '../flaky-events.test.data.ts'
import { forkedRun } from '../forked-events.test.data.ts'
import { passRateOf } from '../pass-rate.ts'
import { fingerprintOf } from '../record/index.ts'
import { audits, judgedAttempts, type RunSummary } from '../run-summary.ts'
import {
  hardFailure,
  hostileRun,
  killedRun,
  mixedRun,
  target as sampleTarget,
} from '../sample-events.test.data.ts'
import {
  compareImages,
  findRuns,
  fingerprintHistory,
  flakeRank,
  type History,
  importRun,
  imageFigures,
  knownRuns,
  lastAttempts,
  metricHistory,
  pastImages,
  passRate,
  pruneRuns,
  readRecord,
  testRates,
  trend,
} from './index.ts'
import { BEGAN, DAY_MS, runOf, shaped } from './shaped-run.test.data.ts'

/** Declares the tests; `open` opens the same fresh, empty history each time it is called within one test. */
export function historySuite(open: () => Promise<History>): void {
  let history: History
  beforeEach(async () => {
    history = await open()
  })
  afterEach(async () => {
    await history[Symbol.asyncDispose]()
  })
  const put = async (...runs: readonly RunSummary[]): Promise<readonly string[]> => {
    const results = []
    for (const run of runs) results.push(await importRun(history, { run, source: `${run.run}/events.jsonl` }))
    return results
  }

  describe('import', () => {
    test('is idempotent, and a run is known again in a fresh process', async () => {
      const run = runOf(mixedRun())
      expect(await put(run, run)).toEqual(['added', 'known'])
      await using again = await open()
      expect(
        await importRun(again, { run: JSON.parse(JSON.stringify(run)) as RunSummary, source: 'run.json' }),
      ).toBe('known')
      expect(await findRuns(history, {})).toHaveLength(1)
      expect(await passRate(history, { test: 'network.dhcp' })).toMatchObject({ passed: 1, judged: 2 })
    })

    test('a run that has gone on replaces its beginning, never the other way round', async () => {
      const events = mixedRun()
      const cut = runOf(events.slice(0, 16))
      const whole = runOf(events)
      expect(await put(cut, whole, cut)).toEqual(['added', 'replaced', 'kept'])
      expect(await findRuns(history, {})).toMatchObject([{ state: 'finished', attempts: 8 }])
      expect((await trend(history, { test: 'boot.usr-read-only' })).map(({ rate }) => rate?.judged)).toEqual([
        1,
      ])
    })

    test('another run of the same name is a conflict and changes nothing', async () => {
      const one = shaped({ run: 'same', day: 0, tests: { a: 'P' } })
      const other = shaped({ run: 'same', day: 1, tests: { a: 'FFF' } })
      expect(await put(one, other)).toEqual(['added', 'conflict'])
      expect(await passRate(history, { test: 'a' })).toMatchObject({ passed: 1, judged: 1 })
    })

    test('hostile text is stored and found, and the record comes back whole', async () => {
      const run = runOf(hostileRun())
      expect(await put(run)).toEqual(['added'])
      expect(await readRecord(history, run.run)).toEqual(JSON.parse(JSON.stringify(run)))
      const [first = ''] = run.tests.map((item) => item.test)
      expect(await lastAttempts(history, { test: first }, 10)).toHaveLength(2)
    })

    test('two at once count both', async () => {
      await using other = await open()
      const runs = Array.from({ length: 20 }, (_, at) =>
        shaped({ run: `r${at}`, day: 0, tests: { a: 'P', b: 'FP' } }),
      )
      await Promise.all(
        runs.map(async (run, at) => await importRun(at % 2 === 0 ? history : other, { run, source: 'x' })),
      )
      expect(await trend(history, { test: 'b' })).toMatchObject([
        { flaky: 20, rate: { passed: 20, judged: 40 } },
      ])
    })
  })

  describe('queries', () => {
    test('pass rate: over attempts, by target, channel and time, without what judges nothing', async () => {
      await put(
        shaped({ run: 'r1', day: 0, tests: { a: 'FP', b: 'I' } }),
        shaped({ run: 'r2', day: 1, tests: { a: 'P' }, target: 'other' }),
        shaped({ run: 'r3', day: 2, tests: { a: 'FF' } }),
      )
      const rate = async (more = {}): Promise<unknown> => await passRate(history, { test: 'a', ...more })
      expect(await rate()).toMatchObject({ passed: 2, judged: 5, rate: 0.4 })
      expect(await rate({ target: 'other' })).toMatchObject({ passed: 1, judged: 1 })
      expect(await rate({ channel: 'stable' })).toMatchObject({ judged: 5 })
      expect(await rate({ channel: 'beta' })).toBeUndefined()
      expect(await rate({ sinceMs: BEGAN + DAY_MS, untilMs: BEGAN + 2 * DAY_MS })).toMatchObject({
        judged: 1,
      })
      expect(await passRate(history, { test: 'b' })).toBeUndefined()
      expect(await passRate(history, { test: 'never' })).toBeUndefined()
    })

    test('repeated attempts all count', async () => {
      await put(runOf(repeatedRun()))
      const rates = await Promise.all(
        runOf(repeatedRun()).tests.map(async (item) => [
          item.rate,
          await passRate(history, { test: item.test }),
        ]),
      )
      for (const [recorded, found] of rates) if (recorded !== undefined) expect(found).toEqual(recorded)
      expect(rates.filter(([recorded]) => recorded !== undefined).length).toBeGreaterThan(1)
    })

    test('attempts that only confirm a fork count for nothing', async () => {
      const run = runOf(forkedRun())
      const audited = run.tests.filter((item) => audits(item).some(({ outcome }) => outcome !== 'infra'))
      expect(audited.length).toBeGreaterThan(0)
      await put(run)
      for (const item of audited) {
        const judging = passRateOf(judgedAttempts(item).map(({ outcome }) => outcome))
        expect(await passRate(history, { test: item.test })).toEqual(judging)
        const [day] = await trend(history, { test: item.test })
        expect(day?.rate).toEqual(judging)
      }
    })

    test('the last attempts, newest first', async () => {
      await put(
        shaped({ run: 'r1', day: 0, tests: { a: 'FP' } }),
        shaped({ run: 'r2', day: 1, tests: { a: 'P' }, version: '1.1.0' }),
      )
      expect(await lastAttempts(history, { test: 'a' }, 2)).toMatchObject([
        { run: 'r2', n: 1, outcome: 'passed', image: { version: '1.1.0' }, fingerprint: undefined },
        { run: 'r1', n: 2, outcome: 'passed', image: { version: '1.0.0' }, audit: false },
      ])
      const [, , oldest] = await lastAttempts(history, { test: 'a' }, 3)
      expect(oldest).toMatchObject({ fingerprint: fingerprintOf(hardFailure), atMs: BEGAN + 100 })
      expect(await lastAttempts(history, { test: 'never' }, 3)).toEqual([])
    })

    test('a failure is first seen where it was first, in whichever order the runs come', async () => {
      await put(
        shaped({ run: 'r2', day: 1, tests: { b: 'F' } }),
        shaped({
          run: 'r1',
          day: 0,
          tests: { a: 'FP' },
          failure: { ...hardFailure, message: `${hardFailure.message} ` },
        }),
        shaped({ run: 'r3', day: 2, tests: { a: 'FF' } }),
      )
      expect(await fingerprintHistory(history, fingerprintOf(hardFailure))).toMatchObject({
        count: 4,
        phase: 'body',
        code: 'expect.toHaveFile',
        first: { run: 'r1', test: 'a', atMs: BEGAN + 100 },
        last: { run: 'r3', test: 'a' },
      })
      expect(await fingerprintHistory(history, 'f1-0000000000000000')).toBeUndefined()
    })

    test('runs of an image, by version, digest and its beginning', async () => {
      await put(
        shaped({ run: 'r1', day: 0, tests: { a: 'P' } }),
        shaped({ run: 'r2', day: 1, tests: { a: 'P' }, version: '1.1.0' }),
        shaped({ run: 'r3', day: 2, tests: { a: 'F' } }),
      )
      const named = async (word?: string): Promise<readonly string[]> =>
        (await findRuns(history, { image: word })).map(({ run }) => run)
      expect(await named('1.0.0')).toEqual(['r3', 'r1'])
      expect(await named(`sha256:${Buffer.from('1.1.0').toString('hex')}`)).toEqual(['r2'])
      expect(await named(`sha256:${Buffer.from('1.').toString('hex')}`)).toEqual(['r3', 'r2', 'r1'])
      expect(await named('9')).toEqual([])
      expect(await findRuns(history, { limit: 1 })).toMatchObject([
        { run: 'r3', verdicts: { failed: 1 }, target: 'qemu-x86_64-direct', state: 'finished', planned: 1 },
      ])
    })

    test('flakes: ten in twenty are surer than one in one', async () => {
      const many = Array.from({ length: 20 }, (_, at) =>
        shaped({ run: `m${at}`, day: at, tests: { often: at % 2 === 0 ? 'FP' : 'P', never: 'P' } }),
      )
      await put(...many, shaped({ run: 'x', day: 0, tests: { once: 'FP' } }))
      const ranked = await flakeRank(history, {})
      expect(ranked.map(({ test: name, flaky, judged: all }) => [name, flaky, all])).toEqual([
        ['often', 10, 20],
        ['once', 1, 1],
      ])
      expect(ranked[0]?.share.low).toBeCloseTo(0.2993, 3)
      expect(await flakeRank(history, { sinceMs: BEGAN + 10 * DAY_MS, limit: 1 })).toMatchObject([
        { test: 'often', flaky: 5, judged: 10 },
      ])
    })

    test('trend: a day each', async () => {
      await put(
        shaped({ run: 'r1', day: 0, tests: { a: 'FP' } }),
        shaped({ run: 'r2', day: 0, tests: { a: 'P' }, target: 'other' }),
        shaped({ run: 'r3', day: 3, tests: { a: 'FF' } }),
      )
      expect(await trend(history, { test: 'a' })).toMatchObject([
        { day: '2026-01-02', rate: { passed: 2, judged: 3 }, durationMs: 3000, flaky: 1, failed: 0 },
        { day: '2026-01-05', rate: { passed: 0, judged: 2 }, durationMs: undefined, failed: 1 },
      ])
      expect(await trend(history, { test: 'a', target: 'other' })).toHaveLength(1)
    })

    test('newly red between two images; red before and red now is another matter', async () => {
      await put(
        shaped({ run: 'r1', day: 0, tests: { broke: 'P', old: 'F', mended: 'FF', gone: 'P', shaky: 'P' } }),
        shaped({
          run: 'r2',
          day: 1,
          version: '2',
          tests: { broke: 'F', old: 'F', mended: 'P', fresh: 'F', shaky: 'F' },
        }),
        // On the same image again: what judges last counts, and a fault of the host judges nothing.
        shaped({ run: 'r3', day: 2, version: '2', tests: { shaky: 'P', broke: 'I' } }),
      )
      const found = await compareImages(history, '1.0.0', '2')
      const names = (
        cells: readonly { readonly test: string }[] | undefined,
      ): readonly string[] | undefined => cells?.map((cell) => cell.test)
      expect(names(found?.newlyRed)).toEqual(['broke'])
      expect(found?.newlyRed[0]?.after).toEqual({
        verdict: 'failed',
        run: 'r2',
        fingerprint: fingerprintOf(hardFailure),
      })
      expect(names(found?.redAndNew)).toEqual(['fresh'])
      expect(names(found?.stillRed)).toEqual(['old'])
      expect(names(found?.mended)).toEqual(['mended'])
      expect(names(found?.unjudged)).toEqual(['gone'])
      expect(await compareImages(history, '1.0.0', '3')).toBeUndefined()
    })

    test('all tests with their rates, and the images with their figures', async () => {
      await put(
        shaped({ run: 'r1', day: 0, tests: { good: 'PP', bad: 'FF', old: 'P' } }),
        shaped({ run: 'r2', day: 3, version: '2', tests: { good: 'PPP', bad: 'FP', lost: 'I' } }),
      )
      const rates = await testRates(history, BEGAN + 2 * DAY_MS)
      expect(
        rates.map(({ test: name, rate, flaky, infra }) => [name, rate?.passed, rate?.judged, flaky, infra]),
      ).toEqual([
        ['bad', 1, 2, 1, 0],
        ['good', 3, 3, 0, 0],
        ['lost', undefined, undefined, 0, 1],
      ])
      expect((await testRates(history, BEGAN - DAY_MS))[0]).toMatchObject({
        test: 'bad',
        failed: 1,
        flaky: 1,
      })
      expect(await pastImages(history, 9)).toMatchObject([
        { version: '2', distro: 'reference', runs: 1, atMs: BEGAN + 3 * DAY_MS },
        { version: '1.0.0', runs: 1, atMs: BEGAN },
      ])
      expect(await knownRuns(history, ['r1', 'r3'])).toEqual(new Set(['r1']))
      // Of attempts that passed; metrics of all.
      const figures = await imageFigures(history, '2')
      const of = (name: string, figure: string): unknown =>
        figures.find((each) => each.test === name && each.name === figure)
      expect(of('good', 'duration')).toMatchObject({
        target: sampleTarget.name,
        unit: 'ms',
        mean: 3000,
        count: 3,
      })
      expect(of('bad', 'duration')).toMatchObject({ count: 1 })
      expect(of('good', 'boot.ssh')).toMatchObject({ mean: 702, count: 3, unit: 'ms' })
      expect(await imageFigures(history, '3')).toEqual([])
    })

    test('metrics', async () => {
      await put(shaped({ run: 'r1', day: 0, tests: { a: 'FP' } }))
      expect(await metricHistory(history, { test: 'a', metric: 'boot.ssh' }, 5)).toMatchObject([
        { run: 'r1', n: 2, value: 702, unit: 'ms' },
        { run: 'r1', n: 1, value: 701 },
      ])
    })
  })

  test('prune removes old runs whole, and every sum with them', async () => {
    await put(
      shaped({ run: 'r1', day: 0, tests: { a: 'FP' } }),
      shaped({ run: 'r2', day: 10, tests: { a: 'P' } }),
      runOf(killedRun()),
    )
    const before = BEGAN + 5 * DAY_MS
    expect(await pruneRuns(history, { beforeMs: before })).toBe(2)
    expect((await findRuns(history, {})).map(({ run }) => run)).toEqual(['r2'])
    expect(await trend(history, { test: 'a' })).toMatchObject([
      { day: '2026-01-12', rate: { passed: 1, judged: 1 } },
    ])
    expect(await fingerprintHistory(history, fingerprintOf(hardFailure))).toBeUndefined()
    expect(await readRecord(history, 'r1')).toBeUndefined()
    expect(await pruneRuns(history, { beforeMs: before })).toBe(0)
  })
}
