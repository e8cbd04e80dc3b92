// CTRF and GitHub's annotations: kept to by the format's own validator, and read back without a loss.

import { type CTRFReport, validate } from 'ctrf'
import { describe, expect, test } from 'vitest'
import type { EventBody, SignalboxEvent } from '../harness/events.ts'
import type { Summary } from './run-summary.ts'
import {
  ended,
  hardFailure,
  hostileRun,
  interruptedRun,
  judged,
  killedRun,
  mixedRun,
  stream,
} from './sample-events.test.data.ts'
import { scenarios } from './scenarios.test.data.ts'
import { reportFormats } from './show.ts'
import { summarize } from './summarize.ts'

interface Extra {
  readonly run: string
  readonly verdict: string
  readonly outcome: string
  readonly fingerprint?: string
}

describe('ctrf', () => {
  test.each(Object.keys(scenarios))('%s is valid', (name) => {
    const report: unknown = JSON.parse(reportFormats.ctrf(summarize(scenarios[name] ?? [])))
    expect(validate(report)).toMatchObject({ valid: true })
  })

  const essence = (summary: Summary): readonly unknown[] =>
    summary.runs.flatMap((run) =>
      run.tests.map((item) => [
        run.run,
        item.test,
        item.verdict,
        item.attempts.map(({ n, outcome, fingerprint }) => [n, outcome, fingerprint ?? null]),
      ]),
    )

  test.each(Object.keys(scenarios))('of %s every verdict, attempt and fingerprint comes back', (name) => {
    const summary = summarize(scenarios[name] ?? [])
    const { results } = JSON.parse(reportFormats.ctrf(summary)) as CTRFReport
    const back = results.tests.map((item) => [
      (item.extra as unknown as Extra).run,
      item.name,
      item.rawStatus,
      (item.retryAttempts ?? []).map(({ attempt, extra }) => {
        const { outcome, fingerprint } = extra as unknown as Extra
        return [attempt, outcome, fingerprint ?? null]
      }),
    ])
    expect(back).toEqual(JSON.parse(JSON.stringify(essence(summary))))
    expect(results.summary.tests).toBe(back.length)
    const { passed, failed, skipped, pending, other } = results.summary
    expect(passed + failed + skipped + pending + other).toBe(back.length)
  })

  test('what proves nothing is neither passed nor failed', () => {
    const { results } = JSON.parse(reportFormats.ctrf(summarize(mixedRun()))) as CTRFReport
    expect(results.summary).toMatchObject({ tests: 7, passed: 4, failed: 1, skipped: 1, other: 1, flaky: 1 })
    expect(results.environment).toMatchObject({
      appName: 'reference',
      appVersion: '1.2.3',
      testEnvironment: 'stable',
    })
    expect(results.tests[1]).toMatchObject({
      status: 'failed',
      filePath: 'tests/ignition.ts',
      line: 10,
      message: expect.stringContaining('expected /etc/motd'),
      start: Date.UTC(2026, 0, 2, 3, 4, 7),
      suite: ['qemu-x86_64-direct'],
    })
    expect(results.tests[2]).toMatchObject({ status: 'passed', flaky: true, retries: 1 })
    const missing = JSON.parse(reportFormats.ctrf(summarize(killedRun()))) as CTRFReport
    expect(missing.results.summary).toMatchObject({ passed: 1, other: 2 })
  })
})

/** A workflow command as the runner reads it. */
function parseCommand(line: string): {
  readonly level: string
  readonly properties: Readonly<Record<string, string>>
  readonly message: string
} {
  const [, level = '', list = '', message = ''] = /^::(error|warning|notice) (.*?)::(.*)$/.exec(line) ?? []
  const decode = (text: string): string =>
    text
      .replaceAll('%0A', '\n')
      .replaceAll('%0D', '\r')
      .replaceAll('%3A', ':')
      .replaceAll('%2C', ',')
      .replaceAll('%25', '%')
  const properties = Object.fromEntries(
    list.split(',').map((pair) => {
      const [name = '', value = ''] = pair.split('=', 2)
      return [name, decode(value)]
    }),
  )
  return { level, properties, message: decode(message) }
}

const commands = (events: readonly SignalboxEvent[]): readonly ReturnType<typeof parseCommand>[] =>
  reportFormats
    .github(summarize(events))
    .split('\n')
    .filter((line) => line !== '')
    .map(parseCommand)

describe('github', () => {
  test('an annotation a test that is not green, at its place, gravest first', () => {
    expect(
      commands(mixedRun()).map(({ level, properties }) => [
        level,
        properties['title'],
        properties['file'],
        properties['line'],
      ]),
    ).toEqual([
      ['error', 'ignition.files failed', 'tests/ignition/files.ts', '42'],
      ['warning', 'docker.run infra', 'tests/docker.ts', '10'],
      ['warning', 'network.dhcp flaky', 'tests/ignition/files.ts', '40'],
    ])
    expect(commands(mixedRun())[0]?.message).toMatch(/^expected \/etc\/motd to hold "hello"\nlast value/)
    expect(commands(interruptedRun()).map(({ properties }) => properties['title'])).toEqual([
      'qemu-x86_64-direct: the run was interrupted',
      'a.two missing',
      'a.three missing',
    ])
    expect(reportFormats.github(summarize(scenarios['empty'] ?? []))).toBe('')
  })

  test('hostile text makes no command of its own', () => {
    const lines = reportFormats
      .github(summarize(hostileRun()))
      .split('\n')
      .filter((line) => line !== '')
    expect(lines.length).toBeGreaterThan(1)
    for (const line of lines) expect(line).toMatch(/^::(?:error|warning) [^:]*::[^\r\n]*$/)
  })

  test('of many, ten of a level, the last of which says how many more', () => {
    const many = Array.from({ length: 30 }, (_, at) => `t${at}`)
    const events = stream(
      many.flatMap((name): readonly (readonly [number, EventBody])[] => [
        [1, ended(name, 'failed', [hardFailure])],
        [2, judged(name, 'failed')],
      ]),
    )
    const found = commands(events)
    expect(found).toHaveLength(10)
    expect(found.at(-1)?.message).toBe('21 more; the reports hold all of them')
  })
})
