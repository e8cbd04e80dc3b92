// `signalbox list`: tests, and why one is skipped for the target.

import pc from 'picocolors'
import { knownText } from '../../known-failures/describe.ts'
import type { Selection } from '../../plan/select.ts'
import { loadChosen } from '../choose-tests.ts'
import { listenForInterrupts } from '../interrupt.ts'
import type { SelectionFlags, TargetFlags } from '../option-table.ts'
import { resolveIdentity, targetOf } from '../resolve-image.ts'

/** The action of `list [glob...]`. */
export async function list(
  flags: Readonly<Record<string, unknown>>,
  positional: readonly unknown[],
): Promise<number> {
  const received = flags as unknown as SelectionFlags & TargetFlags & { json: boolean }
  const { json } = received
  using interrupts = listenForInterrupts()
  const { choose } = await loadChosen(received, (positional[0] as readonly string[] | undefined) ?? [])
  const { identity, firmwares } = await resolveIdentity(received)
  const cell = targetOf(identity, firmwares, received.platform, received)
  const { selection, remarks, nothing } = await choose(cell, interrupts.signal)
  if (json) {
    const rows = selection.map(({ test, skip, knownFailure }) => ({
      name: test.name,
      ...test.requirements,
      ignition: undefined,
      location: test.location,
      skip: skip ?? null,
      knownFailure: knownFailure ?? null,
    }))
    process.stdout.write(`${JSON.stringify({ target: cell, tests: rows }, undefined, 2)}\n`)
    return 0
  }
  for (const { message } of remarks) process.stderr.write(`${message}\n`)
  if (!json && selection.length === 0 && nothing !== undefined) {
    process.stdout.write(`${nothing}\n`)
    return 0
  }
  process.stdout.write(`${selection.map((row) => describe(row)).join('\n')}\n`)
  const skipped = selection.filter(({ skip }) => skip !== undefined).length
  process.stdout.write(
    pc.dim(
      `\n${selection.length} ${selection.length === 1 ? 'test' : 'tests'} for ${cell.name}${skipped === 0 ? '' : `, ${skipped} of them skipped`}\n`,
    ),
  )
  return 0
}

function describe({ test, skip, knownFailure }: Selection): string {
  const { description, tags = [], aliases = [] } = test.requirements
  const marks = [...tags.map((tag) => `@${tag}`), ...aliases.map((alias) => `(${alias})`)].join(' ')
  const head = `${test.name.padEnd(36)} ${pc.dim(marks)}`.trimEnd()
  const lines = [head]
  if (description !== undefined) lines.push(`    ${description}`)
  if (skip !== undefined) lines.push(`    ${pc.yellow(`skipped: ${skip}`)}`)
  if (knownFailure !== undefined && skip === undefined) {
    const how = knownFailure.mode === 'warn' ? 'may fail' : 'must fail'
    lines.push(`    ${pc.yellow(`${how}: ${knownText(knownFailure)}`)}`)
  }
  return lines.join('\n')
}
