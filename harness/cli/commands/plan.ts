// `signalbox plan`, also `run --plan`: what a run with the same options would do. Nothing starts, no results are written.

import { codeOf, InfraError, UsageError } from '../../errors.ts'
import {
  foreseeRun,
  forecastTogether,
  type ForeseenRun,
  type RunPreview,
  type TogetherForecast,
} from '../../preview.ts'
import { runEnded } from '../../run-ends.ts'
import { gravestExitCode } from '../../verdict.ts'
import { exitCodeOfEnd, nothingToDo, openCells, type Cell } from '../cells.ts'
import { loadChosen } from '../choose-tests.ts'
import { colors } from '../colors.ts'
import type { Settings } from '../config/settings.ts'
import { readDebugFlags } from '../debug-flags.ts'
import { listenForInterrupts } from '../interrupt.ts'
import { printNotices } from '../machine-environment.ts'
import { openTarget, planningOf, type OpenedTarget } from '../open-target.ts'
import type { RunFlags } from '../option-table.ts'
import { previewLines } from '../plan-lines.ts'
import { leftOutLines, nowhereOf, tableLines } from '../plan-table.ts'
import { findImage } from '../resolve-image.ts'
import { retryPolicyOf } from '../retry-flags.ts'

/**
 * What `plan --json` prints. `schemaVersion` rises when a field changes its meaning or goes; new fields may come any time.
 * Sizes are MiB, times milliseconds, shares 0 to 1.
 */
export interface PlanDocument {
  readonly schemaVersion: 1
  /** In the order in which they would run; see `RunPreview` for what a planned one holds. */
  readonly targets: readonly PlannedTarget[]
  /** What those that are planned take when they share their host, as they do; absent where there is only one. */
  readonly together?: TogetherForecast
  /** Tests that are in the plan of a target or more, and run on none; absent where there is only one. */
  readonly nowhere?: readonly { readonly test: string; readonly reasons: readonly string[] }[]
}

export type PlannedTarget =
  | ({ readonly kind: 'planned' } & RunPreview)
  /** Nothing would run in it, and that is no mistake. */
  | { readonly kind: 'empty'; readonly reason: string }
  /** It cannot be had. */
  | {
      readonly kind: 'unusable'
      readonly name: string
      readonly code: string
      readonly message: string
      readonly hint?: string
    }
  /** Nobody named it, and it cannot be had here. */
  | { readonly kind: 'left-out'; readonly name: string; readonly reason: string }

/** The action of `plan [glob...]`. */
export async function plan(
  given: Readonly<Record<string, unknown>>,
  positional: readonly unknown[],
  settings: Settings,
): Promise<number> {
  const flags = given as unknown as RunFlags
  using interrupts = listenForInterrupts()
  const { signal } = interrupts
  retryPolicyOf(flags)
  const debug = readDebugFlags(flags, { stdin: process.stdin, stdout: process.stdout, env: process.env })
  const globs = (positional[0] as readonly string[] | undefined) ?? []
  const { choose } = await loadChosen(flags, globs)
  const { cells, leftOut } = await openCells(
    settings.targets(),
    async (target) => await openTarget(target, choose, signal, findImage),
  )
  const foreseen: ForeseenRun[] = []
  const preview = async (opened: OpenedTarget): Promise<RunPreview> => {
    const run = await foreseeRun({
      ...planningOf(opened, debug, signal),
      shard: opened.shard,
      emit: printNotices,
    })
    foreseen.push(run)
    return run.preview
  }
  const targets: PlannedTarget[] = []
  const codes = [0]
  for (const cell of cells) {
    const { planned, exitCode } = await planCell(cell, preview, cells.length > 1)
    targets.push(planned)
    codes.push(exitCode)
  }
  targets.push(...leftOut.map((each) => ({ kind: 'left-out', ...each }) as const))
  const previews = foreseen.map((run) => run.preview)
  const together = foreseen.length > 1 ? await forecastTogether(foreseen) : undefined
  if (flags.json) {
    const document: PlanDocument = {
      schemaVersion: 1,
      targets,
      ...(together === undefined ? {} : { together, nowhere: nowhereOf(previews) }),
    }
    process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`)
    return gravestExitCode(codes)
  }
  const nothing = nothingToDo(cells)
  const remarks = cells.flatMap((cell) => (cell.kind === 'open' ? cell.opened.remarks : []))
  for (const message of new Set(remarks.map((remark) => remark.message))) process.stderr.write(`${message}\n`)
  const table = together === undefined ? [] : tableLines(previews, together, colors)
  const lines = nothing === undefined ? textOf(targets, [table, leftOutLines(leftOut, colors)]) : [nothing]
  process.stdout.write(lines.map((line) => `${line}\n`).join(''))
  return gravestExitCode(codes)
}

/** Throws what the run of a single target throws; of several, each says what is wrong with it. */
async function planCell(
  cell: Cell<OpenedTarget>,
  preview: (opened: OpenedTarget) => Promise<RunPreview>,
  several: boolean,
): Promise<{ readonly planned: PlannedTarget; readonly exitCode: number }> {
  switch (cell.kind) {
    case 'empty':
      return { planned: { kind: 'empty', reason: cell.reason }, exitCode: 0 }
    case 'unusable':
      return unusable(cell.name, cell.error)
    case 'open':
      try {
        return { planned: { kind: 'planned', ...(await preview(cell.opened)) }, exitCode: 0 }
      } catch (error) {
        const isTold = error instanceof UsageError || error instanceof InfraError
        if (!several || cell.name === undefined || !isTold || codeOf(error) === 'interrupted') throw error
        return unusable(cell.name, error)
      }
    default:
      return cell satisfies never
  }
}

function unusable(
  name: string,
  error: UsageError | InfraError,
): { readonly planned: PlannedTarget; readonly exitCode: number } {
  const { message, hint } = error
  const code = codeOf(error) ?? 'unknown'
  return {
    planned: { kind: 'unusable', name, code, message, ...(hint === undefined ? {} : { hint }) },
    exitCode: exitCodeOfEnd(runEnded(error)),
  }
}

function textOf(targets: readonly PlannedTarget[], ends: readonly (readonly string[])[]): readonly string[] {
  const parts = targets.map((target): readonly string[] => {
    switch (target.kind) {
      case 'planned':
        return previewLines(target, colors)
      case 'empty':
        return [`  ${target.reason}`]
      case 'left-out':
        return []
      case 'unusable':
        return [
          `  ${colors.yellow(`${target.name} cannot be had: ${target.message}`)}`,
          ...(target.hint === undefined ? [] : [`    hint: ${target.hint}`]),
        ]
      default:
        return target satisfies never
    }
  })
  return [...parts, ...ends]
    .filter((lines) => lines.length > 0)
    .flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]))
}
