// `signalbox list`: tests, and why one is skipped for the target.

import { colors } from '../colors.ts'
import { knownText } from '../../known-failures/describe.ts'
import type { Target } from '../../model.ts'
import type { Selection } from '../../plan/select.ts'
import { joinReasons } from '../../plan/unmet.ts'
import { asLeftOut, leftOutText } from '../cells.ts'
import { subjectOf } from '../../registry.ts'
import { excludeTags } from '../exclude-tags.ts'
import { loadChosen, type Choose, type ChosenTests } from '../choose-tests.ts'
import type { ChosenTarget, Settings } from '../config/settings.ts'
import { listenForInterrupts } from '../interrupt.ts'
import { withMachineDefaults } from '../machine-defaults.ts'
import type { SelectionFlags, TargetFlags } from '../option-table.ts'
import { resolveIdentity, targetOf } from '../resolve-image.ts'

type Flags = Readonly<Record<string, unknown>>

type ListFlags = SelectionFlags & TargetFlags & { readonly json: boolean; readonly kola?: boolean }

interface Listed {
  readonly target: Target
  readonly tests: ChosenTests
  readonly selection: readonly Selection[]
}

/** The action of `list [glob...]`. */
export async function list(
  flags: Flags,
  positional: readonly unknown[],
  settings: Settings,
): Promise<number> {
  using interrupts = listenForInterrupts()
  const names = (positional[0] as readonly string[] | undefined) ?? []
  const asKola = flags['kola'] === true
  // There the names are kola's, and all tests may be twins.
  const { choose } = await loadChosen(flags as unknown as ListFlags, asKola ? [] : names)
  const kola = asKola ? await import('../kola-lines.ts') : undefined
  const listed: Listed[] = []
  for (const target of settings.targets()) {
    try {
      listed.push(await listTarget(target, choose, interrupts.signal))
    } catch (error) {
      const leftOut = asLeftOut(target, error)
      if (leftOut === undefined) throw error
      process.stderr.write(`${leftOutText(leftOut)}\n`)
    }
  }
  if (flags['json'] === true) {
    const rows = listed.map((each) => kola?.kolaJson(each, names) ?? asJson(each))
    const shown = rows.length === 1 ? rows[0] : { targets: rows }
    process.stdout.write(`${JSON.stringify(shown, undefined, 2)}\n`)
    return 0
  }
  const remarks = new Set(listed.flatMap(({ tests }) => tests.remarks.map(({ message }) => message)))
  for (const message of remarks) process.stderr.write(`${message}\n`)
  process.stdout.write(listed.map((each) => kola?.kolaText(each, names) ?? asText(each)).join('\n'))
  return 0
}

async function listTarget(chosen: ChosenTarget, choose: Choose, signal: AbortSignal): Promise<Listed> {
  const flags = chosen.flags as unknown as ListFlags
  const { identity, firmwares, features } = await resolveIdentity(flags)
  const target = targetOf(identity, firmwares, flags.platform, flags, chosen)
  const tests = await choose(target, signal, flags, features)
  const selection = withMachineDefaults(excludeTags(tests.selection, chosen.excludeTags, target.name), {
    tpm: flags.tpm,
  })
  return { target, tests, selection: await withoutMissingTpm(selection, target) }
}

/** As a run will do: skipped where no machine of the target can have the TPM that a test needs. */
async function withoutMissingTpm(
  selection: readonly Selection[],
  target: Target,
): Promise<readonly Selection[]> {
  if (!selection.some(needsTpm)) return selection
  const { loadPlatform } = await import('../../../platforms/index.ts')
  const platform = await loadPlatform(target.platform)
  const { architecture, firmware } = target
  const anyway = new Set(platform.lacks?.({ architecture, firmware, tpm: false }))
  const withTpm = platform.lacks?.({ architecture, firmware, tpm: true })
  const reasons = withTpm?.filter((reason) => !anyway.has(reason))
  const skip = joinReasons(reasons ?? [])
  return skip === undefined ? selection : selection.map((each) => (needsTpm(each) ? { ...each, skip } : each))
}

function needsTpm({ test, skip }: Selection): boolean {
  return skip === undefined && test.requirements.tpm === true
}

function asJson({ target, selection }: Listed): object {
  const tests = selection.map(({ test, skip, knownFailure }) => ({
    name: test.name,
    ...test.requirements,
    ignition: undefined,
    location: test.location,
    ...(test.serial === undefined ? {} : { serial: { group: test.serial.group, index: test.serial.index } }),
    skip: skip ?? null,
    knownFailure: knownFailure ?? null,
  }))
  return { target, tests }
}

function asText({ target, tests, selection }: Listed): string {
  if (selection.length === 0 && tests.nothing !== undefined) return `${tests.nothing}\n`
  const skipped = selection.filter(({ skip }) => skip !== undefined).length
  const more = skipped === 0 ? '' : `, ${skipped} of them skipped`
  const end = colors.dim(
    `\n${selection.length} ${selection.length === 1 ? 'test' : 'tests'} for ${target.name}${more}\n`,
  )
  return `${selection.map((row) => describe(row)).join('\n')}\n${end}`
}

function describe({ test, skip, knownFailure }: Selection): string {
  const { description, tags = [], aliases = [] } = test.requirements
  const said = tags.filter((tag) => tag !== subjectOf(test.name))
  const marks = [...said.map((tag) => `@${tag}`), ...aliases.map((alias) => `(${alias})`)].join(' ')
  const head = `${test.name.padEnd(36)} ${colors.dim(marks)}`.trimEnd()
  const lines = [head]
  if (description !== undefined) lines.push(`    ${description}`)
  if (skip !== undefined) lines.push(`    ${colors.yellow(`skipped: ${skip}`)}`)
  if (knownFailure !== undefined && skip === undefined) {
    const how = knownFailure.mode === 'warn' ? 'may fail' : 'must fail'
    lines.push(`    ${colors.yellow(`${how}: ${knownText(knownFailure)}`)}`)
  }
  return lines.join('\n')
}
