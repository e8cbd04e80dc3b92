// What is written of a run: everything, or what the config names; and reporters of the user's own.

import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  guardReporter,
  otherReportFiles,
  reportFiles,
  writeReportFiles,
  type ReportFile,
  type Reporter,
  type ReportInput,
  type WrittenReports,
} from '../../reports/index.ts'
import type { CustomReporter, ReporterFactory } from '../config/config.ts'
import { codeOf, messageOf, UsageError } from '../errors.ts'
import type { CheckedReporter } from './config/check-reporters.ts'

export interface ChosenReports {
  /** Whether the terminal shows the list. */
  readonly list: boolean
  /** The user's own, guarded. */
  readonly custom: readonly Reporter[]
  /** Ends the user's own; waits for them. */
  endCustom(): Promise<void>
  write(input: ReportInput): Promise<WrittenReports>
}

type Module = Extract<CheckedReporter, { kind: 'module' }>

/** Loads the user's own reporters. Throws UsageError for one that cannot be loaded. */
export async function chooseReports(
  wanted: readonly CheckedReporter[] | undefined,
  runFolder: string,
  onNotice: (message: string) => void,
): Promise<ChosenReports> {
  const files = filesOf(wanted, runFolder)
  const ends: (() => Promise<void>)[] = []
  const custom: Reporter[] = []
  for (const reporter of wanted ?? []) {
    if (reporter.kind !== 'module') continue
    const own = await openModule(reporter, runFolder)
    const onEvent = (event: Parameters<Reporter['onEvent']>[0]): void => own.onEvent?.(event)
    const name = reporter.module
    custom.push(guardReporter(name, { onEvent, end: () => undefined }, (notice) => onNotice(notice.message)))
    ends.push(async () => {
      try {
        await own.end?.()
      } catch (error) {
        onNotice(`the reporter ${name} failed at its end: ${messageOf(error)}`)
      }
    })
  }
  return {
    list: wanted === undefined || wanted.some((each) => each.kind === 'format' && isList(each)),
    custom,
    async endCustom() {
      for (const end of ends) await end()
    },
    async write(input) {
      for (const { path } of files) await mkdir(dirname(path), { recursive: true }).catch(() => undefined)
      return await writeReportFiles(files, input)
    },
  }
}

function filesOf(wanted: readonly CheckedReporter[] | undefined, runFolder: string): readonly ReportFile[] {
  const inFolder = (files: typeof reportFiles): readonly ReportFile[] =>
    files.map(({ file, format }) => ({ path: join(runFolder, file), format }))
  if (wanted === undefined) return inFolder(reportFiles)
  const all = inFolder([...reportFiles, ...otherReportFiles])
  return wanted.flatMap((reporter): readonly ReportFile[] => {
    if (reporter.kind !== 'format') return []
    if (reporter.file !== undefined) return [{ path: reporter.file, format: reporter.format }]
    return all.filter(({ format }) => format === reporter.format)
  })
}

function isList({ format, file }: Extract<CheckedReporter, { kind: 'format' }>): boolean {
  return format === 'list' && file === undefined
}

async function openModule({ module, options }: Module, runFolder: string): Promise<CustomReporter> {
  const broken = (why: string, cause?: unknown): UsageError =>
    new UsageError(`the reporter ${module} ${why}`, {
      code: 'reporter-broken',
      cause,
      hint: 'its default export is a function that returns { onEvent(event), end() }',
    })
  let factory: unknown
  try {
    factory = ((await import(pathToFileURL(module).href)) as { readonly default?: unknown }).default
  } catch (error) {
    throw broken(`cannot be loaded: ${codeOf(error) ?? messageOf(error)}`, error)
  }
  if (typeof factory !== 'function') throw broken('has no function as its default export')
  try {
    const made: unknown = await (factory as ReporterFactory)({ runFolder, options })
    if (typeof made === 'object' && made !== null) return made
  } catch (error) {
    throw broken(`cannot be started: ${messageOf(error)}`, error)
  }
  throw broken('returned no reporter')
}
