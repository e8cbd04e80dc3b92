// `signalbox history` through the real command line: import, killed and again, from two processes, queries, prune.

import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { jsonText } from '../../reports/json.ts'
import { eventLines } from '../../reports/merge.ts'
import {
  ended,
  hardFailure,
  judged,
  mixedRun,
  planned,
  runFinished,
  runPlanned,
  runStarted,
  started,
  stream,
} from '../../reports/sample-events.test.data.ts'
import { summarize } from '../../reports/summarize.ts'
import { type CliWorld, createCliWorld } from './cli.test.fixture.ts'

const SLOW = { timeout: 300_000 }
const RUNS = 40
const TESTS = 200

let world: CliWorld
let runs = ''
beforeAll(() => {
  world = createCliWorld()
  runs = join(world.folder, 'runs')
  for (let at = 0; at < RUNS; at++) writeRun(`run-${String(at).padStart(2, '0')}`, at * 3_600_000)
})
afterAll(() => world[Symbol.dispose]())

/** A run of many tests, one of which fails, and one is flaky. */
function writeRun(run: string, startMs: number): void {
  const names = Array.from({ length: TESTS }, (_, at) => `suite.test-${at}`)
  const events = stream(
    [
      [0, runStarted()],
      [1, runPlanned(names.map((name) => planned(name)))],
      ...names.flatMap((name, at) => {
        const fails = at === 3
        const first =
          at === 7
            ? ([
                [10, started(name)],
                [20, ended(name, 'failed', [hardFailure], { willRetry: true })],
              ] as const)
            : []
        const n = at === 7 ? 2 : 1
        return [
          ...first,
          [30, started(name, n)] as const,
          [40, ended(name, fails ? 'failed' : 'passed', fails ? [hardFailure] : [], { n })] as const,
          [50, judged(name, fails ? 'failed' : at === 7 ? 'flaky' : 'passed', 3000, n)] as const,
        ]
      }),
      [60, runFinished({ passed: TESTS - 2, failed: 1, flaky: 1 }, 1)],
    ],
    { run, startMs },
  )
  mkdirSync(join(runs, run), { recursive: true })
  writeFileSync(join(runs, run, 'events.jsonl'), [...eventLines(events)].join(''))
}

/** Everything that a history comes to, whatever numbers its rows have. */
function contents(file: string): readonly unknown[] {
  using database = openReadOnly(file)
  const all = (sql: string): unknown[] => database.prepare(sql).all()
  return [
    all('select run, digest, state, attempts, planned, passed, failed, flaky from runs order by run'),
    all(
      `select r.run, t.name, a.n, a.outcome, f.fingerprint from attempts a join runs r on r.id = a.run_id
       join tests t on t.id = a.test_id left join fingerprints f on f.id = a.fingerprint_id order by 1, 2, 3`,
    ),
    all(
      `select day, t.name, attempts_passed, attempts_failed, passed, failed, flaky from days
       join tests t on t.id = test_id order by 1, 2`,
    ),
    all(
      'select r.run, v.verdict, count(*) c from verdicts v join runs r on r.id = v.run_id group by 1, 2 order by 1, 2',
    ),
  ]
}

function openReadOnly(file: string): DatabaseSync {
  return new DatabaseSync(file, { readOnly: true, timeout: 5000 })
}

function runCount(file: string): number {
  try {
    using database = openReadOnly(file)
    return Number(database.prepare('select count(*) as count from runs').get()?.['count'])
  } catch {
    // Not there yet, or without tables.
    return 0
  }
}

it('is as if nothing had happened after a kill in the middle and an import again', SLOW, async () => {
  const file = join(world.folder, 'killed.sqlite')
  const child = world.start(['history', 'import', runs, '--history', file])
  const gone = once(child, 'exit')
  while (runCount(file) < 3 && child.exitCode === null) await sleep(2)
  child.kill('SIGKILL')
  expect((await gone)[1]).toBe('SIGKILL')
  const before = runCount(file)
  expect(before).toBeGreaterThanOrEqual(3)
  expect(before).toBeLessThan(RUNS)
  // What is there is whole.
  const [found, attempts] = contents(file)
  expect(attempts).toHaveLength((found as readonly unknown[]).length * (TESTS + 1))

  const again = await world.signalbox(['history', 'import', runs, '--history', file, '--json'])
  expect(again).toMatchObject({ exitCode: 0, stderr: expect.not.stringMatching(/error|warning/) })
  const { runs: results } = JSON.parse(again.stdout) as {
    readonly runs: readonly { readonly result: string }[]
  }
  const count = (wanted: string): number => results.filter(({ result }) => result === wanted).length
  expect([count('known'), count('added')]).toEqual([before, RUNS - before])

  const fresh = join(world.folder, 'fresh.sqlite')
  expect((await world.signalbox(['history', 'import', runs, '--history', fresh])).exitCode).toBe(0)
  expect(contents(file)).toEqual(contents(fresh))
})

it('two processes import into one new file at once', SLOW, async () => {
  const file = join(world.folder, 'shared.sqlite')
  const half = (remainder: number): readonly string[] =>
    Array.from({ length: RUNS }, (_, at) => join(runs, `run-${String(at).padStart(2, '0')}`)).filter(
      (_, at) => at % 2 === remainder,
    )
  const both = await Promise.all(
    [0, 1].map(
      async (remainder) =>
        await world.signalbox(['history', 'import', ...half(remainder), '--history', file]),
    ),
  )
  for (const { exitCode, stdout, stderr } of both) {
    expect(stderr).not.toMatch(/error/)
    expect([exitCode, stdout]).toEqual([0, `${RUNS / 2} runs added: ${file}\n`])
  }
  expect(contents(file)).toEqual(contents(join(world.folder, 'fresh.sqlite')))
})

it('takes files of any age, tells those it cannot read, and takes the others', SLOW, async () => {
  const folder = join(world.folder, 'mixed')
  mkdirSync(folder)
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const record = jsonText(summarize(mixedRun({ run: 'new-record' })))
  const future = mixedRun({ run: 'future', startMs: 40 * 365 * 86_400_000 })
  const paths = [
    join(import.meta.dirname, '..', '..', 'reports', 'record', 'corpus', 'version-1-mixed.json'),
    write('run.json', record),
    write('cut.json', record.slice(0, 5000)),
    write('newer.json', record.replace('signalbox.run/2', 'signalbox.run/99')),
    write('events.jsonl', [...eventLines(future)].join('').slice(0, -10)),
    join(folder, 'nowhere'),
  ]
  const file = join(world.folder, 'any-age.sqlite')
  const { exitCode, stdout, stderr } = await world.signalbox([
    'history',
    'import',
    ...paths,
    '--history',
    file,
  ])
  expect(exitCode).toBe(2)
  expect(stdout).toBe(`3 runs added, 3 refused: ${file}\n`)
  expect(stderr).toMatch(/cut.json is cut off/)
  expect(stderr).toMatch(/newer.json was written by a newer Signalbox/)
  expect(stderr).toMatch(/no run record at .*nowhere/)
  expect(stderr).toMatch(/the last line \(\d+\) is cut off/)
  expect(stderr).toMatch(/run future began at 2065-.* yet to come/)
})

it('answers, by the default place, the environment, a config, and as JSON', SLOW, async () => {
  const data = join(world.folder, 'data')
  const env = { XDG_DATA_HOME: data }
  const imported = await world.signalbox(['history', 'import', runs], env)
  expect(imported.stdout).toBe(`${RUNS} runs added: ${join(data, 'signalbox', 'history.sqlite')}\n`)
  const query = async (...args: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await world.signalbox(['history', 'query', ...args], env)
    expect([exitCode, stderr]).toEqual([0, ''])
    return stdout
  }
  expect(await query('pass-rate', 'suite.test-7')).toBe(
    'passed 40 of 80: 50 % (95 % interval 39.3 to 60.7 %)\n',
  )
  expect(await query('flakes', '-n', '1')).toBe(
    'suite.test-7  flaky in 40 of 40: 95 % interval 91.2 to 100.0 %\n',
  )
  const attempts = await query('attempts', 'suite.test-3', '-n', '2')
  expect(attempts.split('\n')[0]).toMatch(
    /^2026-01-03 18:04 {2}failed .* 1\.2\.3 {2}3\.0 s {2}run-39 #1 {2}f1-[0-9a-f]{16} expected/,
  )
  const fingerprint = /f1-[0-9a-f]{16}/.exec(attempts)?.[0] ?? ''
  expect(await query('first-seen', fingerprint)).toMatch(
    /seen 80 times\nfirst {2}2026-01-02 03:04 .* run run-00\nlast /,
  )
  const trend = JSON.parse(await query('trend', 'suite.test-7', '--json')) as readonly {
    readonly day: string
  }[]
  expect(trend.map(({ day }) => day)).toEqual(['2026-01-02', '2026-01-03'])
  expect(await query('pass-rate', 'nothing', '--json')).toBe('null\n')
  expect(await query('pass-rate', 'nothing')).toBe('the history has no such attempts that judged an image\n')
  expect((await query('runs', '--image', '1.2.3', '-n', '3')).split('\n')).toHaveLength(4)
  expect(await query('newly-red', '1.2.3', '1.2.3')).toMatch(
    /^newly red: none\n[^]*red before and red now:\n {2}suite.test-3 on/,
  )

  const config = join(world.folder, 'signalbox.config.json')
  writeFileSync(config, JSON.stringify({ history: './data/signalbox/history.sqlite' }))
  const byConfig = await world.signalbox([
    'history',
    'query',
    'runs',
    '--config',
    config,
    '-n',
    '1',
    '--json',
  ])
  expect(JSON.parse(byConfig.stdout)).toMatchObject([{ run: 'run-39' }])

  const pruned = await world.signalbox(['history', 'prune', '--older-than', '2026-01-03', '--json'], env)
  expect(JSON.parse(pruned.stdout)).toEqual({ removed: 21, before: '2026-01-03T00:00:00.000Z' })
  expect(JSON.parse(await query('runs', '--json', '-n', '100'))).toHaveLength(RUNS - 21)
})

it('says what is wrong: a damaged history, restored from the runs; what cannot be asked', SLOW, async () => {
  const file = join(world.folder, 'damaged.sqlite')
  writeFileSync(file, 'this is no database, and long enough to be read as one'.repeat(100))
  const damaged = await world.signalbox(['history', 'query', 'flakes', '--history', file])
  expect(damaged).toMatchObject({ exitCode: 2, stdout: '' })
  expect(damaged.stderr).toMatch(
    /error: the history .* is damaged: .*\nhint: Move it away, then "signalbox history import/,
  )
  const restored = await world.signalbox(['history', 'import', runs, '--history', `${file}.new`])
  expect(restored.stdout).toBe(`${RUNS} runs added: ${file}.new\n`)
  expect(contents(`${file}.new`)).toEqual(contents(join(world.folder, 'fresh.sqlite')))

  const wrong = async (...args: readonly string[]): Promise<string> => {
    const { exitCode, stderr } = await world.signalbox(['history', ...args])
    expect(exitCode).toBe(2)
    return stderr
  }
  expect(await wrong('query', 'first-seen', 'abc')).toMatch(/"abc" is no fingerprint/)
  expect(await wrong('query', 'flakes', '--since', 'often')).toMatch(/span like 12h/)
  expect(await wrong('query', 'flakes', '--history', 'mysql://x/y')).toMatch(
    /cannot be kept in a "mysql" database/,
  )
  expect(await wrong('prune')).toMatch(/--older-than 90d/)
  const unreachable = await world.signalbox([
    'history',
    'query',
    'flakes',
    '--history',
    'postgres://u:secret@127.0.0.1:1/x',
  ])
  expect(unreachable.exitCode).toBe(3)
  expect(unreachable.stderr).toMatch(/postgres:\/\/u@127\.0\.0\.1:1\/x cannot be reached/)
  expect(unreachable.stderr).not.toMatch(/secret/)
})

it('a record is shown in every format without its events, and the schema is printed', SLOW, async () => {
  const folder = join(world.folder, 'record-only')
  mkdirSync(folder)
  const summary = summarize(mixedRun())
  writeFileSync(join(folder, 'run.json'), jsonText(summary))
  for (const format of ['json', 'junit', 'tap', 'ctrf', 'github', 'markdown', 'list']) {
    const shown = await world.signalbox(['report', 'show', folder, '--format', format])
    expect([format, shown.exitCode, shown.stderr]).toEqual([format, 1, ''])
    if (format === 'json') expect(shown.stdout).toBe(jsonText(summary))
    else expect(shown.stdout).toContain('ignition.files')
  }
  const schema = await world.signalbox(['schema', 'run'])
  expect(JSON.parse(schema.stdout)).toMatchObject({ title: 'Signalbox run record', $defs: { run: {} } })
  expect((await world.signalbox(['schema', 'rum'])).stderr).toMatch(/did you mean "?run/i)
})
