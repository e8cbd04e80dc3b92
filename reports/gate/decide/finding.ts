// What a rule found not to be so, before waivers: a requirement, and how its command is put together with others.

import type { Requirement } from '../decision.ts'
import type { GateRun } from '../view.ts'

/** Tests to run once more, in the way of an earlier run. */
export interface Rerun {
  readonly run: Pick<GateRun, 'targetArguments' | 'globs'>
  readonly tests: readonly string[]
  /** `--repeat 20`, `--shard 2/4`. */
  readonly more?: readonly string[]
}

export interface Finding extends Omit<Requirement, 'command' | 'waivers'> {
  readonly rerun?: Rerun
  /** A command that is no run. */
  readonly command?: readonly string[]
}

/** What a rule came to. */
export interface RuleFindings {
  readonly rule: string
  readonly asks: string
  readonly total: number
  readonly findings: readonly Finding[]
}
