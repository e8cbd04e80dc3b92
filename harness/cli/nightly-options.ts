// The table of `signalbox nightly`: all that a run has, with what a nightly does by itself, and its own options.

import type { CommandRow } from './command-table.ts'
import {
  debugOptions,
  historyOption,
  jsonOption,
  runOptions,
  selectionOptions,
  targetOptions,
  machineOptions,
} from './option-table.ts'
import type { ConfigurableRow, OptionRow } from './option-table.ts'

/** What is not said is so in a nightly. */
const defaults: ReadonlyMap<string, OptionRow['default']> = new Map<string, OptionRow['default']>([
  ['--retry-isolated', true],
  ['--audit-fork <percent>', 0.05],
])

function ofNightly(row: ConfigurableRow): ConfigurableRow {
  const value = defaults.get(row.flags)
  return value === undefined ? row : { ...row, default: value }
}

/** A part of a run makes no nightly. */
const selection = selectionOptions.filter(({ flags }) => !/^--(?:shard|last-failed|changed) /.test(flags))

export const nightlyCommand: CommandRow = {
  usage: 'nightly [glob...]',
  help: 'run the matrix of the config, take it into the history, and say what has changed since the last one; exit code: that of the run, 3 also where the history cannot be used or another nightly runs',
  options: [
    ...selection,
    ...targetOptions,
    ...machineOptions,
    ...runOptions.filter(({ flags }) => !flags.startsWith('--repeat ')).map(ofNightly),
    ...debugOptions.filter(({ flags }) => flags.startsWith('--save-')),
    historyOption,
    {
      flags: '--name <name>',
      help: 'nightlies of one name are compared; default: the path of the config',
      env: 'SIGNALBOX_NIGHTLY_NAME',
    },
    {
      flags: '--summary <file>',
      help: 'write the Markdown summary there too; in GitHub Actions it also goes to the summary of the job',
    },
    {
      flags: '--dry-run',
      help: 'say what it would do, with machines, memory and minutes; start nothing',
      default: false,
    },
    jsonOption,
  ],
  examples: [
    'signalbox nightly                                   # the targets and the matrix of signalbox.config.ts',
    "signalbox nightly --target '!*-arm64-*' --tag smoke",
    'signalbox nightly --dry-run                         # the plan, and what it would be compared with',
    'signalbox nightly --summary nightly.md --history postgres://ci@db/signalbox',
  ],
  action: async () => (await import('./commands/nightly.ts')).nightly,
}
