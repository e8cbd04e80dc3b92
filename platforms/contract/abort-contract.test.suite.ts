// The contract of aborts: a creation that is aborted at any of its steps ends with the abort's reason, and leaves nothing.

import { expect, test } from 'vitest'
import type { ContractTools } from './contract-tools.test.suite.ts'

/** The steps of one creation and its end, as the platform's surroundings see them: requests, commands, connections. */
export interface CreationSteps {
  /** How many there are at least. */
  readonly count: number
  /** Calls at each step from now on, counted from 0, before it is done, until the result is disposed. */
  readonly watch: (onStep: (index: number) => void) => Disposable
}

export function abortContract(
  { create, session, leftovers, timeoutMs }: ContractTools,
  { count, watch }: CreationSteps,
): void {
  test.each(Array.from({ length: count }, (_, index) => index))(
    'an abort at step %i of a creation is its reason, and leaves nothing',
    async (wanted) => {
      const before = await leftovers()
      const controller = new AbortController()
      const reason = new Error('enough')
      let reached = -1
      using watching = watch((index) => {
        reached = Math.max(reached, index)
        if (index === wanted) controller.abort(reason)
      })
      void watching
      await expect(create('m0', session(), controller.signal)).rejects.toBe(reason)
      expect(reached).toBeGreaterThanOrEqual(wanted)
      expect(await leftovers()).toEqual(before)
    },
    timeoutMs,
  )
}
