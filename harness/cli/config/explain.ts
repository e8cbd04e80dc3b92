// Says what the options of a run come to, and where each value comes from. Pure. Never shown: what services get in their
// environment and on their command lines, and what reporters are given; they may hold secrets.

import { relative } from 'node:path'
import { oneLine } from '../../hostile-text.ts'
import { readyText } from '../../services/ready.ts'
import type { CheckedReporter } from './check-reporters.ts'
import { attributeOf, flagOf, type Origin, type ResolvedOption } from './resolve-options.ts'
import type { ChosenTarget, Settings } from './settings.ts'

export interface ExplainedOption {
  /** The key in a config, else the flag. */
  readonly name: string
  readonly value: unknown
  /** As a person reads it: `--jobs`, `SIGNALBOX_JOBS`, `signalbox.config.ts: targets.uefi.jobs`, `default`. */
  readonly from: string
}

export interface ExplainedTarget {
  readonly name: string
  /** Only what differs from the options for all. */
  readonly options: readonly ExplainedOption[]
  readonly excludeTags: readonly string[]
  readonly slowness?: number
}

export interface Explained {
  /** Absolute; null where there is none. */
  readonly config: string | null
  readonly options: readonly ExplainedOption[]
  readonly targets: readonly ExplainedTarget[]
  /** Names of targets that are not chosen. */
  readonly otherTargets: readonly string[]
  readonly services: readonly { readonly name: string; readonly program: string; readonly ready: string }[]
  readonly reporters: readonly string[] | null
}

/** Explains the settings of a command, as seen from `cwd`. */
export function explain(settings: Settings, cwd: string): Explained {
  const { config } = settings
  const file = config === undefined ? '' : relative(cwd, config.path)
  const all = settings.resolve()
  const chosen = settings.targets().filter((target) => target.name !== undefined)
  const names = new Set(chosen.map(({ name }) => name))
  return {
    config: config?.path ?? null,
    options: explainOptions([...all.values()], file),
    targets: chosen.map((target) => explainTarget(target, settings, all, file)),
    otherTargets: [...(config?.targets.keys() ?? [])].filter((name) => !names.has(name)),
    services: (config?.services ?? []).map(({ name, command, ready }) => ({
      name,
      program: command[0],
      ready: readyText(ready),
    })),
    reporters: config?.reporters?.map(reporterText) ?? null,
  }
}

function explainTarget(
  { name = '', excludeTags, slowness }: ChosenTarget,
  settings: Settings,
  all: ReadonlyMap<string, ResolvedOption>,
  file: string,
): ExplainedTarget {
  const own = [...settings.resolve(name)].filter(([key, { origin }]) => {
    const common = all.get(key)?.origin
    return origin.kind === 'config' && !(common?.kind === 'config' && common.key === origin.key)
  })
  return {
    name,
    options: explainOptions(
      own.map(([, option]) => option),
      file,
    ),
    excludeTags,
    ...(slowness === undefined ? {} : { slowness }),
  }
}

function explainOptions(options: readonly ResolvedOption[], file: string): readonly ExplainedOption[] {
  // What makes sense on the command line only is nothing that anybody could have set elsewhere.
  const shown = options.filter(
    ({ row, origin }) => (row.config ?? false) !== false || origin.kind !== 'default',
  )
  return shown.map(({ row, value, origin }) => {
    const key = row.config ?? false
    return {
      name: key === false ? flagOf(row) : key,
      value: asWritten(attributeOf(row), value),
      from: originText(origin, file),
    }
  })
}

/** A share is written in percent. */
function asWritten(attribute: string, value: unknown): unknown {
  return attribute === 'auditFork' && typeof value === 'number' ? `${value * 100}%` : (value ?? null)
}

function originText(origin: Origin, file: string): string {
  switch (origin.kind) {
    case 'flag':
      return origin.flag
    case 'environment':
      return origin.variable
    case 'config':
      return `${file}: ${origin.key}`
    case 'default':
      return 'default'
    default:
      return origin satisfies never
  }
}

function reporterText(reporter: CheckedReporter): string {
  if (reporter.kind === 'module') return reporter.module
  return reporter.file === undefined ? reporter.format : `${reporter.format}: ${reporter.file}`
}

/** As lines for a terminal; `dim` paints what matters less. */
export function explainedText(explained: Explained, dim: (text: string) => string): string {
  const { config, options, targets, otherTargets, services, reporters } = explained
  const every = [...options, ...targets.flatMap((target) => target.options)]
  const width = Math.max(...every.map(({ name }) => name.length))
  const line = ({ name, value, from }: ExplainedOption, indent = ''): string =>
    `${indent}${name.padEnd(width)}  ${valueText(value)}  ${dim(`(${from})`)}`
  const parts = [
    config === null ? 'no config' : `config: ${config}`,
    '',
    ...options.map((option) => line(option)),
    ...targets.flatMap((target) => [
      '',
      `target ${target.name}`,
      ...target.options.map((option) => line(option, '  ')),
      ...(target.excludeTags.length === 0 ? [] : [`  excludeTags: ${target.excludeTags.join(', ')}`]),
      ...(target.slowness === undefined ? [] : [`  slowness: ${target.slowness}`]),
    ]),
    ...(otherTargets.length === 0 ? [] : ['', `not chosen: ${otherTargets.join(', ')}`]),
    ...(services.length === 0
      ? []
      : [
          '',
          ...services.map(({ name, program, ready }) => `service ${name}: ${program}, ready with ${ready}`),
        ]),
    ...(reporters === null ? [] : ['', `reporters: ${reporters.join(', ')}`]),
  ]
  return `${parts.map((part) => part.trimEnd()).join('\n')}\n`
}

function valueText(value: unknown): string {
  if (value === null) return '-'
  if (typeof value === 'string') return oneLine(value, 200)
  if (Array.isArray(value)) return oneLine(value.join(', '), 200)
  return oneLine(JSON.stringify(value), 200)
}
