// `signalbox list`: tests, and why one is skipped for the target.

import { colors } from '../colors.ts'
import { UsageError } from '../../errors.ts'
import { kolaCatalogue } from '../../kola/catalogue.ts'
import { compareWithKola, type KolaRow } from '../../kola/twins.ts'
import { didYouMean } from '../../nearest.ts'
import { knownText } from '../../known-failures/describe.ts'
import type { Target } from '../../model.ts'
import { matcher, type Selection } from '../../plan/select.ts'
import { excludeTags } from '../cells.ts'
import { loadChosen, type Choose, type ChosenTests } from '../choose-tests.ts'
import type { ChosenTarget, Settings } from '../config/settings.ts'
import { listenForInterrupts } from '../interrupt.ts'
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
  const rowsOf = ({ selection }: Listed): readonly KolaRow[] => kolaRows(selection, names)
  const listed: Listed[] = []
  for (const target of settings.targets()) listed.push(await listTarget(target, choose, interrupts.signal))
  if (flags['json'] === true) {
    const rows = listed.map((each) => (asKola ? kolaJson(each.target, rowsOf(each)) : asJson(each)))
    const shown = rows.length === 1 ? rows[0] : { targets: rows }
    process.stdout.write(`${JSON.stringify(shown, undefined, 2)}\n`)
    return 0
  }
  const remarks = new Set(listed.flatMap(({ tests }) => tests.remarks.map(({ message }) => message)))
  for (const message of remarks) process.stderr.write(`${message}\n`)
  process.stdout.write(
    listed.map((each) => (asKola ? kolaText(each.target, rowsOf(each)) : asText(each))).join('\n'),
  )
  return 0
}

async function listTarget(chosen: ChosenTarget, choose: Choose, signal: AbortSignal): Promise<Listed> {
  const flags = chosen.flags as unknown as ListFlags
  const { identity, firmwares, features } = await resolveIdentity(flags)
  const target = targetOf(identity, firmwares, flags.platform, flags, chosen.name)
  const tests = await choose(target, signal, flags, features)
  return { target, tests, selection: excludeTags(tests.selection, chosen.excludeTags, target.name) }
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
  const marks = [...tags.map((tag) => `@${tag}`), ...aliases.map((alias) => `(${alias})`)].join(' ')
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

function kolaRows(selection: readonly Selection[], globs: readonly string[]): readonly KolaRow[] {
  const matchers = globs.map(matcher)
  const rows = compareWithKola(selection).filter(
    ({ name }) => matchers.length === 0 || matchers.some((matches) => matches(name)),
  )
  if (rows.length > 0) return rows
  throw new UsageError(`no test of kola matches ${globs.map((glob) => `"${glob}"`).join(' ')}`, {
    code: 'unknown-test',
    hint: didYouMean(
      globs[0] ?? '',
      kolaCatalogue.map(({ name }) => name),
    ),
  })
}

function kolaJson(target: Target, rows: readonly KolaRow[]): object {
  return { target, kola: rows.map((row) => ({ ...row, needs: row.needs ?? null })) }
}

function kolaText(target: Target, rows: readonly KolaRow[]): string {
  const count = (wanted: KolaRow['state']): number => rows.filter(({ state }) => state === wanted).length
  const end = `\n${rows.length} tests of kola for ${target.name}: ${count('runs')} run, ${count('needs')} need something, ${count('none')} have no twin here\n`
  return `${rows.map(kolaLine).join('\n')}\n${colors.dim(end)}`
}

function kolaLine({ name, state, tests, needs = '' }: KolaRow): string {
  const head = `${name.padEnd(40)} ${colors.dim(tests.join(' '))}`.trimEnd()
  if (state === 'runs') return `${colors.green('runs')}   ${head}`
  return `${state === 'none' ? colors.red('none') : colors.yellow('needs')}  ${state === 'none' ? ' ' : ''}${head}\n       ${colors.dim('needs')} ${needs}`
}
