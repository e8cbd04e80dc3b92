// `signalbox history import|prune`.

import { type Imported, importRun, pruneRuns } from '../../../reports/history/index.ts'
import { clockNotices, findRecordFiles, type Notice, readRecordFile } from '../../../reports/index.ts'
import { UsageError } from '../../errors.ts'
import { listenForInterrupts } from '../interrupt.ts'
import { showProgress } from '../progress.ts'
import { withHistory } from '../with-history.ts'

type Flags = Readonly<Record<string, unknown>>

interface Refused {
  readonly path: string
  readonly code: string
  readonly message: string
  readonly hint?: string
}

/** The action of `history import <path...>`; a file that cannot be read is told, the others are still taken in. */
export async function historyImport(flags: Flags, positional: readonly unknown[]): Promise<number> {
  const paths = positional[0] as readonly string[]
  const { replace, json } = flags as { replace: boolean; json: boolean }
  using interrupts = listenForInterrupts()
  const results: { readonly run: string; readonly source: string; readonly result: Imported }[] = []
  const notices: Notice[] = []
  const refused: Refused[] = []
  const place = await withHistory(flags, async (history) => {
    using progress = showProgress('history')
    const files: string[] = []
    for (const path of paths) {
      const found = await orRefuse(refused, path, async () => await findRecordFiles(path))
      files.push(...(found ?? []))
    }
    for (const [index, path] of files.entries()) {
      interrupts.signal.throwIfAborted()
      progress.update(`importing, ${Math.floor((index / files.length) * 10)}0 %`, path)
      const read = await orRefuse(refused, path, async () => await readRecordFile(path))
      notices.push(...(read?.notices ?? []))
      for (const record of read?.records ?? []) {
        interrupts.signal.throwIfAborted()
        notices.push(...clockNotices(record.run, Date.now()))
        const result = await importRun(history, record, { replace })
        results.push({ run: record.run.run, source: record.source, result })
      }
    }
    return history.place
  })
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

/** What the work returns; undefined, and an entry in the list, when it is a wrong or damaged file. */
async function orRefuse<T>(refused: Refused[], path: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    const { code, message, hint } = error
    refused.push({ path, code, message, ...(hint === undefined ? {} : { hint }) })
    return undefined
  }
}

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
}

function runsText(count: number): string {
  return count === 1 ? '1 run' : `${count} runs`
}
