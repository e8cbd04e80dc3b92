import { expect, it } from 'vitest'
import { nightlyText, type NightlyReport } from './nightly-text.ts'
import { hostileRun, mixedRun } from './sample-events.test.data.ts'
import { summarize } from './summarize.ts'

const summary = summarize(mixedRun())
const nothing: NightlyReport['comparison'] = {
  newlyRed: [],
  redAndNew: [],
  stillRed: [],
  mended: [],
  unjudged: [],
  newlyFlaky: [],
  newlyInfra: [],
  lostTargets: [],
  newTargets: [],
}
const report: NightlyReport = {
  summary,
  exitCode: 1,
  before: { run: 'r1', atMs: Date.UTC(2026, 10, 28, 2, 17) },
  comparison: nothing,
  slower: [],
  notices: [],
}
const cell = (test: string, target = 'qemu-x86_64-direct') => ({
  test,
  target,
  before: undefined,
  after: undefined,
})
const headline = (text: string): string => text.split('\n', 1)[0] ?? ''

it.each<[string, Partial<NightlyReport>, string]>([
  ['the same again', {}, '# Nightly: nothing has changed'],
  ['the first, green', { before: undefined, comparison: undefined, exitCode: 0 }, '# Nightly: green'],
  ['the first, not green', { before: undefined, comparison: undefined }, '# Nightly: exit code 1'],
  ['nothing to run', { summary: undefined, comparison: undefined, exitCode: 0 }, '# Nightly: nothing to run'],
  [
    'changes',
    {
      comparison: {
        ...nothing,
        newlyRed: [cell('a')],
        redAndNew: [cell('b')],
        mended: [cell('c')],
        stillRed: [cell('d'), cell('e')],
        newlyFlaky: [cell('f')],
      },
      slower: [{ ...cell('g'), durationMs: 9000, recorded: { leastMs: 1000, mostMs: 4000, count: 7 } }],
    },
    '# Nightly: 2 new failures, 1 new flake, 1 fixed, 2 still failing, 1 slower',
  ],
])('begins with what matters: %s', (_, change, expected) => {
  expect(headline(nightlyText({ ...report, ...change }))).toBe(expected)
})

it('has a table a kind of change, with causes, and what is slower with its range', () => {
  const text = nightlyText({
    ...report,
    comparison: {
      ...nothing,
      newlyRed: [cell('ignition.files')],
      newlyInfra: [cell('docker.run')],
      unjudged: [cell('docker.run'), cell('gone.test'), cell('other', 'lost-target')],
      lostTargets: ['lost-target'],
    },
    slower: [{ ...cell('boot.usr'), durationMs: 9000, recorded: { leastMs: 1000, mostMs: 4000, count: 7 } }],
    notices: ['the one before did not end'],
  })
  expect(text).toContain('Compared with that of 2026-11-28 02:17 UTC (run <code>r1</code>).')
  expect(text).toContain('> the one before did not end')
  expect(text).toMatch(
    /## New failures\n\n\| Test \| Target \| Cause \|\n[^\n]*\n\| <code>ignition\.files<\/code> \| <code>qemu-x86\\_64-direct<\/code> \| \S/,
  )
  expect(text).toMatch(/\| <code>boot\.usr<\/code> .* \| 9\.0 s \| 1\.0 s to 4\.0 s in 7 runs \|/)
  // Each is named once: not again as not judged.
  const [, unjudged = ''] = text.split('## Not judged any more')
  expect(unjudged.split('\n## ')[0]).toMatch(/gone\.test/)
  expect(unjudged.split('\n## ')[0]).not.toMatch(/docker\.run<\/code> \||other/)
  expect(text).toContain('**Targets that are gone**: <code>lost-target</code>.')
  expect(text).toContain('## Signalbox: ')
})

it('lets no text of a guest mean anything', () => {
  const events = summarize(hostileRun())
  const tests = events.runs.flatMap((run) => run.tests.map(({ test }) => cell(test, run.target?.name)))
  const text = nightlyText({
    ...report,
    summary: events,
    comparison: { ...nothing, newlyRed: tests },
    notices: ['<b>x</b> | `y`'],
  })
  const [own = ''] = text.split('## Signalbox: ')
  expect(own).toContain('&lt;b&gt;x&lt;/b&gt; \\| \\`y\\`')
  expect(own).not.toMatch(/<(?!\/?code>)/)
})
