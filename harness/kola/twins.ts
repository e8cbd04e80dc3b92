// Kola's catalogue against the tests here: what of it runs on a target, what waits for something, what has no twin.

import type { DistroName } from '../model.ts'
import type { Selection } from '../plan/select.ts'
import { kolaCatalogue, type KolaTest } from './catalogue.ts'

/** One row of the table. */
export interface KolaRow {
  /** kola's name. */
  readonly name: string
  readonly subject: string
  /** Tests here that have its name as an alias. */
  readonly tests: readonly string[]
  /** `runs`: all its tests run on the target; `needs`: one or more are skipped there; `none`: there is no twin. */
  readonly state: 'runs' | 'needs' | 'none'
  /** What is needed, where it does not run. */
  readonly needs: string | undefined
}

/**
 * The table for one target, in the order of the catalogue. `selection` is of all tests; of those of one name that are for several
 * operating systems, the target's own count.
 */
export function compareWithKola(
  selection: readonly Selection[],
  distro: DistroName,
  catalogue: readonly KolaTest[] = kolaCatalogue,
): readonly KolaRow[] {
  return catalogue.map(({ name, subject, needs }) => {
    const all = selection.filter(({ test }) => test.requirements.aliases?.includes(name) === true)
    const own = all.filter(({ test }) => test.requirements.distros?.includes(distro) ?? true)
    const twins = own.length === 0 ? all : own
    const tests = twins.map(({ test }) => test.name)
    if (twins.length === 0) return { name, subject, tests, state: 'none', needs: needs ?? 'a twin' }
    const reasons = [...new Set(twins.flatMap(({ skip }) => skip ?? []))]
    return reasons.length === 0
      ? { name, subject, tests, state: 'runs', needs: undefined }
      : { name, subject, tests, state: 'needs', needs: reasons.join('; ').replaceAll(/\bneeds /g, '') }
  })
}
