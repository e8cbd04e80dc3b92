// `signalbox list`: tests, and why one is skipped for the target.

import pc from 'picocolors'
import { selectTests, type Selection } from '../../plan/select.ts'
import { loadTests } from '../load-tests.ts'
import type { SelectionFlags, TargetFlags } from '../option-table.ts'
import { resolveIdentity, targetOf } from '../resolve-image.ts'

/** The action of `list [glob...]`. */
export async function list(
  flags: Readonly<Record<string, unknown>>,
  positional: readonly unknown[],
): Promise<number> {
  const {
    tag = [],
    tests: folders,
    json,
    ...target
  } = flags as unknown as SelectionFlags & TargetFlags & { json: boolean }
  const globs = (positional[0] as readonly string[] | undefined) ?? []
  const tests = await loadTests(folders)
  const { identity, firmwares } = await resolveIdentity(target)
  const cell = targetOf(identity, firmwares, target.platform, target)
  const selection = selectTests(tests, { globs, tags: tag, target: cell })
  if (json) {
    const rows = selection.map(({ test, skip }) => ({
      name: test.name,
      ...test.requirements,
      ignition: undefined,
      location: test.location,
      skip: skip ?? null,
    }))
    process.stdout.write(`${JSON.stringify({ target: cell, tests: rows }, undefined, 2)}\n`)
    return 0
  }
  process.stdout.write(`${selection.map((row) => describe(row)).join('\n')}\n`)
  const skipped = selection.filter(({ skip }) => skip !== undefined).length
  process.stdout.write(
    pc.dim(
      `\n${selection.length} tests for ${cell.name}${skipped === 0 ? '' : `, ${skipped} of them skipped`}\n`,
    ),
  )
  return 0
}

function describe({ test, skip }: Selection): string {
  const { description, tags = [], aliases = [] } = test.requirements
  const marks = [...tags.map((tag) => `@${tag}`), ...aliases.map((alias) => `(${alias})`)].join(' ')
  const head = `${test.name.padEnd(36)} ${pc.dim(marks)}`.trimEnd()
  const lines = [head]
  if (description !== undefined) lines.push(`    ${description}`)
  if (skip !== undefined) lines.push(`    ${pc.yellow(`skipped: ${skip}`)}`)
  return lines.join('\n')
}
