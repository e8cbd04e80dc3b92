// Every scenario in every format, compared whole with the files in `golden/` (`vitest -u` writes them), and read back by
// parsers that are not ours.

import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { Parser as TapParser } from 'tap-parser'
import { describe, expect, test } from 'vitest'

import type { EventBody } from '../harness/events.ts'
import { isolatedRun, knownRun, repeatedRun } from './flaky-events.test.data.ts'
import { codeSpan, fenced, markdownLine } from './markdown-text.ts'
import type { Summary } from './run-summary.ts'
import {
  ended,
  hardFailure,
  hostileRun,
  interruptedRun,
  judged,
  killedRun,
  mixedRun,
  planned,
  runFinished,
  runPlanned,
  runStarted,
  started,
  stream,
} from './sample-events.test.data.ts'
import { scenarios } from './scenarios.test.data.ts'
import { isReportFormat, type ReportFormat, reportFormats } from './show.ts'
import { subtest, subtestRun } from './subtest-events.test.data.ts'
import { summarize } from './summarize.ts'
const formats = Object.keys(reportFormats) as readonly ReportFormat[]
const cases = Object.entries(scenarios).flatMap(([name, events]) =>
  formats.map((format) => ({ name, format, summary: summarize(events) })),
)

interface TapResults {
  readonly ok: boolean
  readonly count: number
  readonly pass: number
  readonly fail: number
  readonly skip: number
  readonly todo: number
  readonly bailout: boolean | string
  readonly plan: { readonly start: number | null; readonly end: number | null }
}

/** Strictly: whatever is not TAP is an error. */
function parseTap(text: string): {
  readonly results: TapResults
  readonly names: readonly string[]
  readonly diags: readonly unknown[]
} {
  const names: string[] = []
  const diags: unknown[] = []
  const parser = new TapParser({ strict: true })
  parser.on('assert', (point: { readonly name: string; readonly diag: unknown }) => {
    names.push(point.name)
    if (point.diag !== null) diags.push(point.diag)
  })
  let results: TapResults | undefined
  parser.on('complete', (found: TapResults) => {
    results = found
  })
  parser.end(text)
  if (results === undefined) throw new Error('the TAP parser did not complete')
  return { results, names, diags }
}

function manyTests(count: number): Summary {
  const names = Array.from({ length: count }, (_, at) => `test.number-${at}`)
  return summarize(
    stream([
      [0, runStarted()],
      [1, runPlanned(names.map((name) => planned(name)))],
      ...names.flatMap((name, at): readonly (readonly [number, EventBody])[] => [
        [2, started(name)],
        [3, at % 10 > 0 ? ended(name, 'passed') : ended(name, 'failed', [hardFailure])],
        [4, judged(name, at % 10 > 0 ? 'passed' : 'failed')],
      ]),
      [5, runFinished({ passed: count * 0.9, failed: count * 0.1 }, 1)],
    ]),
  )
}

describe('all formats', () => {
  test.each(cases)('$format of $name', async ({ name, format, summary }) => {
    await expect(reportFormats[format](summary)).toMatchFileSnapshot(`golden/${name}.${format}.txt`)
  })

  test.each(cases)('no control character in $format of $name', ({ format, summary }) => {
    expect(reportFormats[format](summary)).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E]/)
  })

  test('20,000 tests are no trouble for any', { timeout: 600_000 }, () => {
    const summary = manyTests(20_000)
    for (const format of formats) {
      const before = process.cpuUsage()
      expect(reportFormats[format](summary)).not.toBe('')
      // Of the processor, so that a busy host makes no difference.
      expect(process.cpuUsage(before).user / 1000).toBeLessThan(20_000)
    }
  })

  test.each(['list', 'tap', 'junit', 'json'] as const)('%s names every planned test', (format) => {
    const summary = manyTests(1000)
    const text = reportFormats[format](summary)
    const names = summary.runs[0]?.tests.map((item) => item.test) ?? []
    expect(names.filter((name) => !text.includes(name))).toEqual([])
    expect(names).toHaveLength(1000)
  })

  test('only a format is a format', () => {
    expect(isReportFormat('tap')).toBe(true)
    expect(isReportFormat('toString')).toBe(false)
  })
})

describe('tap', () => {
  test('a parser finds the same counts', () => {
    const { results, names, diags } = parseTap(reportFormats.tap(summarize(mixedRun())))
    expect(results).toMatchObject({ count: 7, pass: 5, fail: 2, skip: 1, bailout: false })
    expect(results.plan).toMatchObject({ start: 1, end: 7 })
    expect(names[1]).toBe('ignition.files')
    expect(diags).toHaveLength(3)
    expect(diags[0]).toMatchObject({
      verdict: 'failed',
      at: 'tests/ignition/files.ts:42:7',
      attempts: [{ n: 1, outcome: 'failed', failures: [{ soft: true }, { code: 'expect.toHaveFile' }] }],
    })
  })

  test('a known failure is a TODO that is not ok, and fails nothing', () => {
    const { results, diags } = parseTap(reportFormats.tap(summarize(knownRun())))
    // Gone and lost ones fail; those that only warn do not count against the run.
    expect(results).toMatchObject({ count: 6, pass: 2, fail: 4, todo: 2, skip: 1 })
    expect(diags[0]).toMatchObject({
      verdict: 'warned',
      known_failure: { mode: 'warn', reason: 'the daemon hangs', tracker: 'https://example.org/issues/7' },
    })
    expect(diags[1]).toMatchObject({ verdict: 'failed', message: expect.stringContaining('is gone') })
  })

  test('a rate and what became of a test alone are told', () => {
    const repeated = parseTap(reportFormats.tap(summarize(repeatedRun()))).diags
    const rates = repeated.map((diag) => (diag as { rate?: { passed: number; judged: number } }).rate)
    expect(rates.map((rate) => rate && `${rate.passed}/${rate.judged}`)).toEqual([
      '4/4',
      undefined,
      '0/4',
      '3/4',
    ])
    const isolated = parseTap(reportFormats.tap(summarize(isolatedRun()))).diags
    expect(isolated.map((diag) => (diag as { notes?: unknown }).notes)).toEqual([
      ['failed alone too'],
      ['passed alone, failed under load (beside 3 other jobs)'],
      ['passed alone, failed before'],
      ['could not be tried alone'],
      ['passed alone, though the host was not quiet, failed under load (beside 1 other job)'],
    ])
  })

  test('missing tests are not ok, and an interrupted run bails out', () => {
    expect(parseTap(reportFormats.tap(summarize(killedRun()))).results).toMatchObject({ count: 3, fail: 2 })
    expect(parseTap(reportFormats.tap(summarize(interruptedRun()))).results.bailout).toBe(
      'interrupted by SIGINT',
    )
  })

  test('subtests stand before their point, and count for themselves', () => {
    const { results, names } = parseTap(reportFormats.tap(summarize(subtestRun())))
    expect(results).toMatchObject({ ok: false, count: 4, pass: 2, fail: 2, skip: 0 })
    expect(names).toEqual(['ext.p.good', 'ext.p.bad', 'ext.p.retried', 'ext.p.many'])
    expect(reportFormats.tap(summarize(subtestRun()))).not.toMatch(/^\s*not ok 7 - sly/m)
  })

  test('hostile text cannot add points, directives or a bail-out', () => {
    const { results, names, diags } = parseTap(reportFormats.tap(summarize(hostileRun())))
    expect(results).toMatchObject({ count: 3, pass: 1, fail: 2, skip: 1 })
    expect(results.plan.end).toBe(3)
    expect(names).toHaveLength(3)
    expect(diags).toHaveLength(2)
  })
})

describe('junit', () => {
  test.each(Object.keys(scenarios))('%s is well-formed', (name) => {
    expect(XMLValidator.validate(reportFormats.junit(summarize(scenarios[name] ?? [])))).toBe(true)
  })

  test('a parser finds failures, errors, skips with their reason, and reruns', () => {
    const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' })
    const { testsuites } = parser.parse(reportFormats.junit(summarize(mixedRun())))
    expect(testsuites).toMatchObject({ tests: '7', failures: '1', errors: '1', skipped: '1' })
    const points = testsuites.testsuite.testcase as readonly Record<string, unknown>[]
    expect(
      points.map((item) =>
        Object.keys(item).filter((key) => /Failure|Error|failure|error|skipped/.test(key)),
      ),
    ).toEqual([[], ['failure'], ['flakyFailure'], ['error', 'rerunError'], ['skipped'], [], []])
    expect(points[4]?.['skipped']).toEqual({ message: 'not on direct boot' })
    expect(points[1]).toMatchObject({ classname: 'qemu-x86_64-direct', name: 'ignition.files', time: '3' })
  })

  test('a known failure is neither red nor green, with the whole failure in the output', () => {
    const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' })
    const { testsuites } = parser.parse(reportFormats.junit(summarize(knownRun())))
    expect(testsuites).toMatchObject({ tests: '6', failures: '1', errors: '1', skipped: '3' })
    const [warned] = testsuites.testsuite.testcase as readonly Record<string, unknown>[]
    expect(warned?.['skipped']).toMatchObject({ message: expect.stringContaining('issues/7') })
    expect(warned?.['system-out']).toContain('expect.toHaveFile')
  })

  test('subtests are properties of their test', () => {
    const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' })
    const { testsuites } = parser.parse(reportFormats.junit(summarize(subtestRun())))
    expect(testsuites).toMatchObject({ tests: '4', failures: '2' })
    const [good, bad] = testsuites.testsuite.testcase as readonly {
      readonly properties: { readonly property: readonly { readonly name: string; readonly value: string }[] }
    }[]
    expect(good?.properties.property.map(({ name }) => name)).toEqual([
      'subtests',
      'subtest.1',
      'subtest.2',
      'subtest.3',
    ])
    expect(bad?.properties.property[2]?.value).toMatch(/^failed: red .*<script>/)
  })

  test('hostile text stays text', () => {
    const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' })
    const { testsuites } = parser.parse(reportFormats.junit(summarize(hostileRun())))
    expect(testsuites.testsuite.testcase).toHaveLength(3)
    expect(JSON.stringify(testsuites.testsuite.testcase[0].failure)).toContain('</details><script>')
  })
})

test('of many subtests the failed ones are kept, and all are counted', () => {
  const count = 5000
  const events = stream([
    [0, started('t')],
    ...Array.from({ length: count }, (_, index): readonly [number, EventBody] => [
      1,
      subtest('t', { name: `p${index}`, outcome: index === count - 1 ? 'failed' : 'passed' }),
    ]),
    [2, ended('t', 'failed', [hardFailure])],
    [2, judged('t', 'failed')],
  ])
  const attempt = summarize(events).runs[0]?.tests[0]?.attempts[0]
  expect(attempt?.subtestCount).toBe(count)
  expect(attempt?.subtests).toHaveLength(1000)
  expect(attempt?.subtests?.at(-1)).toEqual({ name: `p${count - 1}`, outcome: 'failed' })
})

test('json is the summary', () => {
  const summary = summarize(hostileRun())
  expect(JSON.parse(reportFormats.json(summary))).toEqual(JSON.parse(JSON.stringify(summary)))
  expect(summary.schema).toBe('signalbox.run/2')
})

describe('markdown', () => {
  test('a fence is longer than any inside', () => {
    expect(fenced('a ``` b ````` c')).toBe('``````text\na ``` b ````` c\n``````')
  })

  test('a line cannot become a cell, a tag, a link or code', () => {
    expect(markdownLine('a|b <img src=x> [x](http://y) `c` *d* #1')).toBe(
      'a\\|b &lt;img src=x&gt; \\[x\\]\\(http:&#47;&#47;y\\) \\`c\\` \\*d\\* &#35;1',
    )
    expect(codeSpan("it's")).toBe('<code>it&#39;s</code>')
  })

  test('no tag of a guest survives outside a fence', () => {
    const outside = reportFormats
      .markdown(summarize(hostileRun()))
      .replaceAll(/^(`{3,})text\n[\s\S]*?\n\1$/gm, '')
    expect(outside).not.toMatch(/<script|<\/details>(?!$)/m)
  })

  test('is never too long for GitHub, and says when it is cut', () => {
    const long = {
      ...hardFailure,
      message: 'é'.repeat(300),
      evidence: Array.from({ length: 60 }, () => 'ü'.repeat(490)),
    }
    const names = Array.from({ length: 120 }, (_, at) => `t${at}`)
    const events = stream(
      names.flatMap((name): readonly (readonly [number, EventBody])[] => [
        [0, ended(name, 'failed', [long], { willRetry: true })],
        [1, ended(name, 'failed', [{ ...long, code: 'other' }], { n: 2 })],
        [1, judged(name, 'failed', 1, 2)],
      ]),
    )
    const text = reportFormats.markdown(summarize(events))
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024)
    expect(text.slice(-100)).toContain('The summary is cut here; the reports hold all of it.')
  })

  test('says once what several attempts say', () => {
    const failure = { ...hardFailure, message: 'the page did not come in 3 s\nand this is why', code: 'x' }
    const other = { ...failure, message: 'something else' }
    const events = stream([
      [0, ended('a.page', 'failed', [failure], { willRetry: true })],
      [
        1,
        ended('a.page', 'failed', [{ ...failure, message: failure.message.replace('3 s', '4 s') }], { n: 2 }),
      ],
      [2, ended('a.page', 'failed', [other], { n: 3 })],
      [2, judged('a.page', 'failed', 2, 3)],
    ])
    const text = reportFormats.markdown(summarize(events))
    expect(text.match(/and this is why/g)).toHaveLength(1)
    expect(text.match(/the same as attempt 1$/gm)).toHaveLength(1)
    expect(text).toContain('something else')
  })
})
