// The table of `signalbox history`.

import type { CommandRow } from './command-table.ts'
import {
  importOptions,
  metricOptions,
  plainQueryOptions,
  pruneOptions,
  rankOptions,
  runOptionsOfHistory,
  testListOptions,
  testQueryOptions,
} from './history-options.ts'

const queries: readonly CommandRow[] = [
  {
    usage: 'pass-rate <test>',
    help: 'how often a test passes, with the 95 % interval',
    options: testQueryOptions,
    action: async () => (await import('./commands/history-query.ts')).queryPassRate,
  },
  {
    usage: 'attempts <test>',
    help: 'the last attempts of a test',
    options: testListOptions,
    action: async () => (await import('./commands/history-query.ts')).queryAttempts,
  },
  {
    usage: 'trend <test>',
    help: 'pass rate and duration of a test, day by day',
    options: testQueryOptions,
    action: async () => (await import('./commands/history-query.ts')).queryTrend,
  },
  {
    usage: 'metrics <test>',
    help: 'what a test measured, newest first',
    options: metricOptions,
    action: async () => (await import('./commands/history-query.ts')).queryMetrics,
  },
  {
    usage: 'first-seen <fingerprint>',
    help: 'since when a failure is known, and how often it was seen',
    options: plainQueryOptions,
    action: async () => (await import('./commands/history-query.ts')).queryFirstSeen,
  },
  {
    usage: 'flakes',
    help: 'the flaky tests, the surest first',
    options: rankOptions,
    action: async () => (await import('./commands/history-query.ts')).queryFlakes,
  },
  {
    usage: 'runs',
    help: 'runs, of an image too',
    options: runOptionsOfHistory,
    action: async () => (await import('./commands/history-query.ts')).queryRuns,
  },
  {
    usage: 'newly-red <before> <after>',
    help: 'what fails on the later of two images and did not on the earlier',
    options: plainQueryOptions,
    action: async () => (await import('./commands/history-query.ts')).queryNewlyRed,
  },
]

export const historyCommand: CommandRow = {
  usage: 'history',
  help: 'what earlier runs came to: import, query, prune',
  commands: [
    {
      usage: 'import <path...>',
      help: 'take runs in: run folders, folders of them, run.json and events.jsonl files of any age; again does no harm',
      options: importOptions,
      examples: [
        'signalbox history import signalbox-results',
        'signalbox history import nightly/*/run.json --history postgres://ci@db/signalbox',
      ],
      action: async () => (await import('./commands/history.ts')).historyImport,
    },
    {
      usage: 'query',
      help: 'ask it: pass-rate, attempts, trend, metrics, first-seen, flakes, runs, newly-red',
      commands: queries,
    },
    {
      usage: 'prune',
      help: 'remove old runs',
      options: pruneOptions,
      action: async () => (await import('./commands/history.ts')).historyPrune,
    },
  ],
}
