// The targets of one command: each is opened and planned before anything starts, and all run at the same time, each as a run of
// its own in one event stream. One that cannot be had is a cell of the report, and keeps no other from running.

import { codeOf, InfraError, UsageError } from '../errors.ts'
import type { Emit } from '../events.ts'
import type { Selection } from '../plan/select.ts'
import { runEnded, runStarted } from '../run-ends.ts'
import type { PreparedRun } from '../run.ts'
import { gravestExitCode } from '../verdict.ts'

/** What is needed of a target before it is opened. */
export interface NamedTarget {
  /** Undefined: the only one, made by flags. */
  readonly name: string | undefined
}

interface MaybeNothing {
  readonly selection: readonly Selection[]
  /** Why there is nothing to do, when the selection is empty and that is no mistake. */
  readonly nothing: string | undefined
}

export type Cell<T> =
  | { readonly kind: 'open'; readonly name: string | undefined; readonly opened: T }
  /** There is nothing to do in it; `error` when that is a mistake. */
  | { readonly kind: 'empty'; readonly reason: string; readonly error?: UsageError }
  | { readonly kind: 'unusable'; readonly name: string; readonly error: UsageError | InfraError }

/**
 * Opens every target. Throws what a single one throws; of several, only what makes all of them impossible.
 */
export async function openCells<T extends MaybeNothing, Target extends NamedTarget>(
  targets: readonly Target[],
  open: (target: Target) => Promise<T>,
): Promise<readonly Cell<T>[]> {
  const cells: Cell<T>[] = []
  for (const target of targets) cells.push(await openCell(target, open, targets.length > 1))
  const [first] = cells
  if (first?.kind === 'unusable' && cells.every(({ kind }) => kind === 'unusable')) throw first.error
  const mistakes = cells.flatMap((cell) =>
    cell.kind === 'empty' && cell.error !== undefined ? [cell.error] : [],
  )
  if (mistakes[0] !== undefined && mistakes.length === cells.length) throw mistakes[0]
  return cells
}

async function openCell<T extends MaybeNothing, Target extends NamedTarget>(
  target: Target,
  open: (target: Target) => Promise<T>,
  several: boolean,
): Promise<Cell<T>> {
  const { name } = target
  try {
    const opened = await open(target)
    if (opened.selection.length === 0 && opened.nothing !== undefined)
      return { kind: 'empty', reason: opened.nothing }
    return { kind: 'open', name, opened }
  } catch (error) {
    if (!several || name === undefined) throw error
    if (error instanceof UsageError && error.code === 'nothing-selected')
      return { kind: 'empty', reason: error.message, error }
    if (codeOf(error) !== 'interrupted' && (error instanceof UsageError || error instanceof InfraError))
      return { kind: 'unusable', name, error }
    throw error
  }
}

/** Why there is nothing to do in any of them, or undefined. */
export function nothingToDo<T>(cells: readonly Cell<T>[]): string | undefined {
  const reasons = cells.flatMap((cell) => (cell.kind === 'empty' ? [cell.reason] : []))
  return reasons.length === cells.length ? [...new Set(reasons)].join('\n') : undefined
}

export interface CellRun {
  /** The name of the cell; undefined where there is only one. */
  readonly cell: string | undefined
  readonly emit: Emit
}

export interface RunCellsOptions<T> {
  readonly cells: readonly Cell<T>[]
  readonly command: readonly string[]
  readonly options?: readonly string[]
  /** The stream of the whole run where there is one cell, else a stream of its own a cell. */
  readonly emitFor: (cell: string | undefined) => Emit
  readonly signal: AbortSignal
  readonly prepare: (opened: T, cell: CellRun) => Promise<PreparedRun>
}

/** Runs the cells and returns the exit code over all. Throws what the run of a single one throws. */
export async function runCells<T>(options: RunCellsOptions<T>): Promise<number> {
  const { cells, command, signal, prepare } = options
  const given = options.options
  const several = cells.length > 1
  const codes: number[] = []
  const end = (emit: Emit, reason: unknown): void => {
    const event = runEnded(reason)
    emit(event)
    codes.push(exitCodeOfEnd(event))
  }
  await using stack = new AsyncDisposableStack()
  const prepared: { readonly run: PreparedRun; readonly emit: Emit }[] = []
  for (const each of cells) {
    if (each.kind === 'empty') continue
    const cell = several ? each.name : undefined
    const emit = options.emitFor(cell)
    if (each.kind === 'unusable' || (several && signal.aborted)) {
      emit(runStarted({ command, options: given, cell }))
      end(emit, each.kind === 'unusable' ? each.error : signal.reason)
      continue
    }
    try {
      prepared.push({ run: stack.use(await prepare(each.opened, { cell, emit })), emit })
    } catch (error) {
      end(emit, signal.aborted ? signal.reason : error)
      if (!several) throw error
    }
  }
  await Promise.all(
    prepared.map(async ({ run, emit }) => {
      try {
        codes.push((await run.perform()).exitCode)
      } catch (error) {
        if (!several) throw error
        end(emit, signal.aborted ? signal.reason : error)
      } finally {
        // Its machines and templates are not needed while the others go on.
        await run[Symbol.asyncDispose]()
      }
    }),
  )
  return gravestExitCode(codes)
}

/** The exit code of a target that came to such an end. */
export function exitCodeOfEnd(end: ReturnType<typeof runEnded>): number {
  if (end.type === 'run.interrupted') return 130
  return end.kind === 'usage' ? 2 : 3
}
