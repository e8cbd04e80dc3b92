// `signalbox list --kola`: what becomes of each of kola's tests on a target.

import { UsageError } from '../errors.ts'
import { kolaCatalogue } from '../kola/catalogue.ts'
import { compareWithKola, type KolaRow } from '../kola/twins.ts'
import type { Target } from '../model.ts'
import { didYouMean } from '../nearest.ts'
import { matcher, type Selection } from '../plan/select.ts'
import { colors } from './colors.ts'

interface Listed {
  readonly target: Target
  /** Of all tests. */
  readonly selection: readonly Selection[]
}

function kolaRows({ target, selection }: Listed, globs: readonly string[]): readonly KolaRow[] {
  const matchers = globs.map(matcher)
  const rows = compareWithKola(selection, target.distro).filter(
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

/** The table as `--json` prints it. */
export function kolaJson(listed: Listed, globs: readonly string[]): object {
  const rows = kolaRows(listed, globs)
  return { target: listed.target, kola: rows.map((row) => ({ ...row, needs: row.needs ?? null })) }
}

/** The table as a person reads it. */
export function kolaText(listed: Listed, globs: readonly string[]): string {
  const rows = kolaRows(listed, globs)
  const count = (wanted: KolaRow['state']): number => rows.filter(({ state }) => state === wanted).length
  const end = `\n${rows.length} tests of kola for ${listed.target.name}: ${count('runs')} run, ${count('needs')} need something, ${count('none')} have no twin here\n`
  return `${rows.map(kolaLine).join('\n')}\n${colors.dim(end)}`
}

function kolaLine({ name, state, tests, needs = '' }: KolaRow): string {
  const head = `${name.padEnd(40)} ${colors.dim(tests.join(' '))}`.trimEnd()
  if (state === 'runs') return `${colors.green('runs')}   ${head}`
  return `${state === 'none' ? colors.red('none') : colors.yellow('needs')}  ${state === 'none' ? ' ' : ''}${head}\n       ${colors.dim('needs')} ${needs}`
}
