// Memory, CPUs and TPM of machines whose tests do not say, where the options say something else than what is built in.

import type { Selection } from '../plan/select.ts'
import { joinReasons } from '../plan/unmet.ts'
import { attributeOf } from './config/resolve-options.ts'
import { machineOptions } from './option-table.ts'

interface MachineDefaults {
  readonly memory?: number | undefined
  readonly cpus?: number | undefined
  readonly tpm?: string | undefined
}

/** The same tests, with these defaults among their requirements; one that needs a TPM is skipped where there is to be none. */
export function withMachineDefaults(
  selection: readonly Selection[],
  { memory, cpus, tpm }: MachineDefaults,
): readonly Selection[] {
  const defaults = {
    ...(memory === undefined || memory === builtIn('memory') ? {} : { memoryMiB: memory }),
    ...(cpus === undefined || cpus === builtIn('cpus') ? {} : { cpus }),
    ...(tpm === 'on' ? { tpm: true } : {}),
  }
  if (tpm === 'off') return withMachineDefaults(selection.map(withoutTpm), { memory, cpus })
  if (Object.keys(defaults).length === 0) return selection
  return selection.map((each) => {
    const requirements = { ...defaults, ...each.test.requirements }
    return { ...each, test: { ...each.test, requirements } }
  })
}

function withoutTpm(each: Selection): Selection {
  if (each.test.requirements.tpm !== true) return each
  const reason = 'needs a TPM; the machines of this target have none'
  return { ...each, skip: joinReasons([each.skip ?? [], reason].flat()) }
}

function builtIn(name: string): unknown {
  return machineOptions.find((row) => attributeOf(row) === name)?.default
}
