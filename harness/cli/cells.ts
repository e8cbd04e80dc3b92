// The targets of one command: each is opened and planned before anything starts, and all run at the same time, each as a run of
// its own in one event stream. One that cannot be had is a cell of the report, and keeps no other from running.

import { codeOf, InfraError, messageOf, UsageError } from '../errors.ts'
import type { Emit } from '../events.ts'
import type { Selection } from '../plan/select.ts'
import { runEnded, runStarted } from '../run-ends.ts'
import type { PreparedRun } from '../run.ts'
import { gravestExitCode } from '../verdict.ts'

/** What is needed of a target before it is opened. */
export interface NamedTarget {
  /** Undefined: the only one, made by flags. */
  readonly name: string | undefined
  /** It is left out where this host or the image does not have it. */
  readonly mayBeLeftOut?: boolean
}

/** A target that nobody named and that cannot be had here. */
export interface LeftOut {
  readonly name: string
  readonly reason: string
}

/** What says so of a target that may be left out. Any other error is one of it, too. */
const notHere: ReadonlySet<string> = new Set([
  'not-on-this-host',
  'wrong-architecture',
  'firmware-unsupported',
  'program-missing',
  'foreign-execution',
])

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

export interface OpenedCells<T> {
  readonly cells: readonly Cell<T>[]
  readonly leftOut: readonly LeftOut[]
}

/**
 * Opens every target. Throws what a single one throws; of several, only what makes all of them impossible.
 */
export async function openCells<T extends MaybeNothing, Target extends NamedTarget>(
  targets: readonly Target[],
  open: (target: Target) => Promise<T>,
): Promise<OpenedCells<T>> {
  const opened: (Cell<T> | ({ readonly kind: 'left-out' } & LeftOut))[] = []
  for (const target of targets) opened.push(await openCell(target, open, targets.length > 1))
  const leftOut = opened.filter((cell) => cell.kind === 'left-out')
  const cells = opened.filter((cell) => cell.kind !== 'left-out')
  if (cells.length === 0)
    throw new UsageError(`none of these targets can be had here: ${leftOut.map(leftOutText).join('; ')}`, {
      code: 'no-targets',
      hint: '"signalbox doctor" says what this host can do',
    })
  const [first] = cells
  if (first?.kind === 'unusable' && cells.every(({ kind }) => kind === 'unusable')) throw first.error
  const mistakes = cells.flatMap((cell) =>
    cell.kind === 'empty' && cell.error !== undefined ? [cell.error] : [],
  )
  if (mistakes[0] !== undefined && mistakes.length === cells.length) throw mistakes[0]
  return { cells, leftOut }
}

/** The target as one that is left out, where the error says that it cannot be had here and nobody has named it. */
export function asLeftOut({ name, mayBeLeftOut }: NamedTarget, error: unknown): LeftOut | undefined {
  if (mayBeLeftOut !== true || name === undefined || !notHere.has(codeOf(error) ?? '')) return undefined
  return { name, reason: messageOf(error) }
}

/** As a person reads it. */
export function leftOutText({ name, reason }: LeftOut): string {
  return `${name} is left out: ${reason}`
}

async function openCell<T extends MaybeNothing, Target extends NamedTarget>(
  target: Target,
  open: (target: Target) => Promise<T>,
  several: boolean,
): Promise<Cell<T> | ({ readonly kind: 'left-out' } & LeftOut)> {
  const { name } = target
  try {
    const opened = await open(target)
    if (opened.selection.length === 0 && opened.nothing !== undefined)
      return { kind: 'empty', reason: opened.nothing }
    return { kind: 'open', name, opened }
  } catch (error) {
    const leftOut = asLeftOut(target, error)
    if (leftOut !== undefined) return { kind: 'left-out', ...leftOut }
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
