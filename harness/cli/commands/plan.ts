// `signalbox plan`, also `run --plan`: what a run with the same options would do. Nothing starts, no results are written.

import { codeOf, InfraError, UsageError } from '../../errors.ts'
import { previewRun, type RunPreview } from '../../preview.ts'
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
import { previewLines, totalLines } from '../plan-lines.ts'
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
  const cells = await openCells(
    settings.targets(),
    async (target) => await openTarget(target, choose, signal, findImage),
  )
  const preview = async (opened: OpenedTarget): Promise<RunPreview> =>
    await previewRun({ ...planningOf(opened, debug, signal), shard: opened.shard, emit: printNotices })
  const targets: PlannedTarget[] = []
  const codes = [0]
  for (const cell of cells) {
    const { planned, exitCode } = await planCell(cell, preview, cells.length > 1)
    targets.push(planned)
    codes.push(exitCode)
  }
  if (flags.json) {
    const document: PlanDocument = { schemaVersion: 1, targets }
    process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`)
    return gravestExitCode(codes)
  }
  const nothing = nothingToDo(cells)
  const remarks = cells.flatMap((cell) => (cell.kind === 'open' ? cell.opened.remarks : []))
  for (const message of new Set(remarks.map((remark) => remark.message))) process.stderr.write(`${message}\n`)
  const lines = nothing === undefined ? textOf(targets) : [nothing]
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

function textOf(targets: readonly PlannedTarget[]): readonly string[] {
  const parts = targets.map((target): readonly string[] => {
    switch (target.kind) {
      case 'planned':
        return previewLines(target, colors)
      case 'empty':
        return [`  ${target.reason}`]
      case 'unusable':
        return [
          `  ${colors.yellow(`${target.name} cannot be had: ${target.message}`)}`,
          ...(target.hint === undefined ? [] : [`    hint: ${target.hint}`]),
        ]
      default:
        return target satisfies never
    }
  })
  const planned = targets.filter((target) => target.kind === 'planned')
  const all = planned.length > 1 ? [totalLines(planned)] : []
  return [...parts, ...all].flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]))
}
