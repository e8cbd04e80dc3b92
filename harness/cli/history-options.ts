// The options of `signalbox history`.

import { momentMs } from './moment.ts'
import { historyOption, jsonOption, type OptionRow, wholeNumber } from './option-table.ts'

const sinceOption: OptionRow = {
  flags: '--since <when>',
  help: 'from then on: 12h, 30d, 8w, or a date',
  parse: (value) => momentMs(value),
}

const untilOption: OptionRow = {
  flags: '--until <when>',
  help: 'before then',
  parse: (value) => momentMs(value),
}

const cellOptions: readonly OptionRow[] = [
  { flags: '--target <name>', help: 'only on this target' },
  { flags: '--channel <name>', help: 'only of this channel' },
]

const most = (count: number): OptionRow => ({
  flags: '-n, --limit <n>',
  help: 'how many at most',
  parse: wholeNumber(1),
  default: count,
})

export const importOptions: readonly OptionRow[] = [
  {
    flags: '--replace',
    help: 'replace runs that are there already, even by records that tell less',
    default: false,
  },
  historyOption,
  jsonOption,
]

export const pruneOptions: readonly OptionRow[] = [
  {
    flags: '--older-than <when>',
    help: 'runs that began before then: 12h, 90d, 52w, or a date',
    parse: (value) => momentMs(value),
  },
  historyOption,
  jsonOption,
]

/** Of queries about one test. */
export const testQueryOptions: readonly OptionRow[] = [
  ...cellOptions,
  sinceOption,
  untilOption,
  historyOption,
  jsonOption,
]

export const testListOptions: readonly OptionRow[] = [most(20), ...testQueryOptions]

export const metricOptions: readonly OptionRow[] = [
  { flags: '--metric <name>', help: 'only this one: boot.ssh' },
  ...testListOptions,
]

export const rankOptions: readonly OptionRow[] = [
  most(20),
  ...cellOptions,
  sinceOption,
  historyOption,
  jsonOption,
]

export const runOptionsOfHistory: readonly OptionRow[] = [
  { flags: '--image <image>', help: 'a version, a digest, or the beginning of one' },
  ...rankOptions,
]

export const plainQueryOptions: readonly OptionRow[] = [historyOption, jsonOption]
