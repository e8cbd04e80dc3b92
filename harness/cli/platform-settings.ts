// The options about a platform, as the platform and the run take them: what was set for it, and what a run may use up.

import { UsageError } from '../errors.ts'
import type { PlatformSettings, RunLimits } from '../machine.ts'
import type { RunFlags, TargetFlags } from './option-table.ts'

/** `name=value` words as settings; of several with the same name the last one counts. Throws UsageError for what is no such word. */
export function settingsOf({ set = [] }: Pick<TargetFlags, 'set'>): PlatformSettings {
  return new Map(
    set.map((word) => {
      const at = word.indexOf('=')
      if (at > 0) return [word.slice(0, at), word.slice(at + 1)]
      throw new UsageError(`--set takes NAME=VALUE, not "${word}"`, {
        code: 'bad-setting',
        hint: '"signalbox platform list" shows what can be set for each platform',
      })
    }),
  )
}

/** Undefined where nothing limits the run. */
export function limitsOf({ maxCost, maxMachines }: Pick<RunFlags, 'maxCost' | 'maxMachines'>): RunLimits {
  return {
    ...(maxCost === undefined ? {} : { maxCost }),
    ...(maxMachines === undefined ? {} : { maxMachines }),
  }
}
