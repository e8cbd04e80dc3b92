// Memory and CPUs of machines whose tests do not say, where the options say something else than what is built in.

import type { Selection } from '../plan/select.ts'
import { attributeOf } from './config/resolve-options.ts'
import { machineOptions, type RunFlags } from './option-table.ts'

/** The same tests, with these defaults among their requirements. */
export function withMachineDefaults(
  selection: readonly Selection[],
  { memory, cpus }: Pick<RunFlags, 'memory' | 'cpus'>,
): readonly Selection[] {
  const defaults = {
    ...(memory === undefined || memory === builtIn('memory') ? {} : { memoryMiB: memory }),
    ...(cpus === undefined || cpus === builtIn('cpus') ? {} : { cpus }),
  }
  if (Object.keys(defaults).length === 0) return selection
  return selection.map((each) => {
    const requirements = { ...defaults, ...each.test.requirements }
    return { ...each, test: { ...each.test, requirements } }
  })
}

function builtIn(name: string): unknown {
  return machineOptions.find((row) => attributeOf(row) === name)?.default
}
