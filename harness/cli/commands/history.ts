// `signalbox history import|prune`.

import { type Imported, pruneRuns } from '../../../reports/history/index.ts'
import { UsageError } from '../../errors.ts'
import { importPaths } from '../import-paths.ts'
import { listenForInterrupts } from '../interrupt.ts'
import { showProgress } from '../progress.ts'
import { withHistory } from '../with-history.ts'

type Flags = Readonly<Record<string, unknown>>

/** The action of `history import <path...>`; a file that cannot be read is told, the others are still taken in. */
export async function historyImport(flags: Flags, positional: readonly unknown[]): Promise<number> {
  const paths = positional[0] as readonly string[]
  const { replace, json } = flags as { replace: boolean; json: boolean }
  using interrupts = listenForInterrupts()
  const { place, imported } = await withHistory(flags, async (history) => {
    using progress = showProgress('history')
    const taken = await importPaths(history, paths, {
      replace,
      signal: interrupts.signal,
      onFile: (path, index, total) =>
        progress.update(`importing, ${Math.floor((index / total) * 10)}0 %`, path),
    })
    return { place: history.place, imported: taken }
  })
  const { results, notices, refused } = imported
  const count = (wanted: Imported): number => results.filter(({ result }) => result === wanted).length
  const conflicts = results.filter(({ result }) => result === 'conflict')
  if (json) print({ history: place, runs: results, refused, notices })
  else {
    const rest = (
      [
        [count('replaced'), 'replaced by records that tell more'],
        [count('known') + count('kept'), 'known already'],
        [conflicts.length, 'in conflict'],
        [refused.length, 'refused'],
      ] as const
    ).flatMap(([number, what]) => (number === 0 ? [] : [`${number} ${what}`]))
    process.stdout.write(`${[`${runsText(count('added'))} added`, ...rest].join(', ')}: ${place}\n`)
  }
  for (const { message } of notices) process.stderr.write(`warning: ${message}\n`)
  for (const { run, source } of conflicts)
    process.stderr.write(
      `error: ${source}: another run of the name ${run} is in the history; --replace takes this one\n`,
    )
  for (const { message, hint } of refused)
    process.stderr.write(`error: ${message}\n${hint === undefined ? '' : `hint: ${hint}\n`}`)
  return refused.length + conflicts.length > 0 ? 2 : 0
}

/** The action of `history prune`. */
export async function historyPrune(flags: Flags): Promise<number> {
  const { olderThan, json } = flags as { olderThan?: number; json: boolean }
  if (olderThan === undefined)
    throw new UsageError('which runs are to go is not said', {
      code: 'prune-what',
      hint: 'signalbox history prune --older-than 90d',
    })
  const removed = await withHistory(flags, async (history) => {
    using progress = showProgress('history')
    return await pruneRuns(history, {
      beforeMs: olderThan,
      onRun: (done, total) => progress.update(`pruning, ${Math.floor((done / total) * 10)}0 %`),
    })
  })
  if (json) print({ removed, before: new Date(olderThan).toISOString() })
  else process.stdout.write(`${runsText(removed)} removed\n`)
  return 0
}

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
}

function runsText(count: number): string {
  return count === 1 ? '1 run' : `${count} runs`
}
