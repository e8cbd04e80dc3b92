// What a plan will cost at the most, and whether that is allowed: asked before anything is started. Pure.

import { UsageError } from '../errors.ts'
import type { MachineSpec, PlatformSession } from '../machine.ts'
import { estimateTest, guessesFor, type TestDurations } from './estimate.ts'
import type { Plan } from './plan.ts'

export interface CostOptions {
  readonly session: Pick<PlatformSession, 'estimateCost'>
  readonly specOf: (job: Plan['jobs'][number]['tests'][number]) => MachineSpec
  readonly durations: TestDurations
  readonly slowness: number
  readonly repeat: number | undefined
}

/** US dollars; 0 where machines cost nothing, undefined where the price of one is not known. Retries are not in it. */
export function costOf({ jobs }: Pick<Plan, 'jobs'>, options: CostOptions): number | undefined {
  const { session, specOf, durations, slowness, repeat = 1 } = options
  if (session.estimateCost === undefined) return 0
  const guesses = guessesFor(slowness)
  let total = 0
  for (const { tests } of jobs) {
    for (const test of tests) {
      const { ms } = estimateTest(test, durations, guesses, guesses.bootMs)
      const cost = session.estimateCost(specOf(test), (test.requirements.machines ?? 1) * repeat, ms)
      if (cost === undefined) return undefined
      total += cost
    }
  }
  return total
}

/** Throws UsageError `over-budget` or `cost-unknown`. */
export function requireAffordable(cost: number | undefined, maxCost: number | undefined): void {
  if (maxCost === undefined) return
  if (cost === undefined)
    throw new UsageError(
      'the price of a machine is not known, and --max-cost limits the run: nothing was started',
      {
        code: 'cost-unknown',
        hint: 'set the price where the platform has such a setting ("signalbox platform list"), or leave --max-cost out',
      },
    )
  if (cost <= maxCost) return
  throw new UsageError(
    `this run would cost about ${dollars(cost)}, and --max-cost allows ${dollars(maxCost)}: nothing was started`,
    { code: 'over-budget', hint: 'select fewer tests, share the run out with --shard, or allow more' },
  )
}

/** `$1.25`; more digits of what is less than a cent. */
export function dollars(usd: number): string {
  return `$${usd > 0 && usd < 0.01 ? usd.toFixed(5) : usd.toFixed(2)}`
}
