// What the gate knows of the options of `run`, to put a command together again, is what the table of options says.

import { expect, it } from 'vitest'
import { arityOf } from '../../reports/gate/index.ts'
import { commandTable } from './command-table.ts'
import { configOption } from './option-table.ts'

const rows = [...(commandTable.find(({ usage }) => usage.startsWith('run '))?.options ?? []), configOption]

it.each(rows.map(({ flags }) => flags))('%s', (flags) => {
  const names = flags.split(/[ ,]+/).filter((word) => word.startsWith('-'))
  const arity = /\.\.\.[>\]]/.test(flags)
    ? 'many'
    : flags.includes('<')
      ? 'one'
      : flags.includes('[')
        ? 'perhaps'
        : 'none'
  // A list may also be repeated: `--external <folder>`.
  expect(names.map(arityOf)).toEqual(names.map(() => arity))
})
