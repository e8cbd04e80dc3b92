// Findings as sentences. Texts of targets are made safe here; names of tests by whoever shows them.

import { oneLine } from '../../harness/hostile-text.ts'
import { type Column, FIRMWARE_FAMILY } from './columns.ts'
import type { AxisValue, Finding, FoundVerdict } from './findings.ts'

const one: Readonly<Record<FoundVerdict, string>> = {
  failed: 'fails',
  infra: 'has trouble of the platform',
  flaky: 'is flaky',
}
const many: Readonly<Record<FoundVerdict, string>> = {
  failed: 'fail',
  infra: 'have trouble of the platform',
  flaky: 'are flaky',
}

/** `tests`: only how many. */
export type CountedFinding = Omit<Finding, 'tests'> & { readonly tests: { readonly length: number } }

/** `fails only on arm64`, after the name of a test or a number of them. */
export function findingText({ verdict, where, columns, tests }: CountedFinding): string {
  const verb = (tests.length === 1 ? one : many)[verdict]
  switch (where.kind) {
    case 'value': {
      const values = where.alternatives.map(valueText).join(' or ')
      const blur = where.alternatives.length > 1 ? ', which these targets do not tell apart' : ''
      return columns.length === 1
        ? `${verb} only ${values}${blur}`
        : `${verb} on all ${columns.length} targets ${values}, and on no other${blur}`
    }
    case 'but':
      return `${verb} everywhere but ${where.alternatives.map(valueText).join(' or ')}`
    case 'both':
      return `${verb} only ${where.values.map(valueText).join(' and ')}`
    case 'column':
      return `${verb} only on ${columns.map(({ name }) => oneLine(name, 80)).join(', ')}`
    default:
      return where satisfies never
  }
}

function valueText({ axis, value }: AxisValue): string {
  const text = value === undefined ? undefined : oneLine(value, 60)
  switch (axis) {
    case 'tpm':
      return text === 'on' ? 'with a TPM' : text === 'off' ? 'without a TPM' : 'without a TPM for every test'
    case FIRMWARE_FAMILY:
      return text === 'uefi' ? 'with UEFI' : `with firmware ${text}`
    case 'firmware':
      return `with ${text === 'direct' ? 'direct boot' : text}`
    case 'architecture':
    case 'platform':
    case 'distro':
      return `on ${text ?? `no ${axis}`}`
    default:
      return text === undefined ? `without ${oneLine(axis, 40)}` : `with ${oneLine(axis, 40)} ${text}`
  }
}

/** A name that fits a column as it is. */
const SHORT_NAME = 18

/** For heads of tables: what tells each column from the others, `['arm64', 'uefi', 'tpm']`; short names stay as they are. */
export function columnLabels(columns: readonly Column[]): readonly (readonly string[])[] {
  const names = columns.map(({ name }) => [oneLine(name, 80)])
  if (columns.length < 2 || names.every(([name = '']) => name.length <= SHORT_NAME)) return names
  const known = columns.filter(({ axes }) => axes.size > 0)
  const axes = [...new Set(known.flatMap((column) => [...column.axes.keys()]))].filter(
    (axis) => axis !== FIRMWARE_FAMILY && new Set(known.map((column) => column.axes.get(axis))).size > 1,
  )
  const labels = columns.map((column, index) => {
    const parts = axes.flatMap((axis) => labelOf(axis, column.axes.get(axis)))
    return parts.length === 0 ? (names[index] ?? []) : parts
  })
  return new Set(labels.map((parts) => parts.join(' '))).size < columns.length ? names : labels
}

function labelOf(axis: string, value: string | undefined): readonly string[] {
  if (value === undefined) return []
  if (axis === 'tpm') return [value === 'on' ? 'tpm' : 'no tpm']
  return [axis === 'memoryMiB' ? `${oneLine(value, 20)} MiB` : oneLine(value, 40)]
}
