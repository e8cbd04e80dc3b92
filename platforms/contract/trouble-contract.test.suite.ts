// The contract of refusals: when a platform has no machine to give now (a quota, too many requests, no capacity), that is its own
// fault with a code of its own, never the image's and never the user's; it leaves nothing, and the session goes on.

import { expect, test } from 'vitest'
import type { MachineSpec } from '../../harness/machine.ts'
import { never, type ContractTools } from './contract-tools.test.suite.ts'

export interface Trouble {
  /** As it reads after "a creation with". */
  readonly name: string
  /** The code of the InfraError. */
  readonly code: string
  /** A machine that meets it. Default: any. */
  readonly spec?: (name: string) => MachineSpec
  /** Makes the platform refuse until it is disposed. */
  readonly begin?: () => Promise<AsyncDisposable>
}

export function troubleContract(
  { session, create, spec, folderFor, leftovers, timeoutMs }: ContractTools,
  troubles: readonly Trouble[],
): void {
  test.each(troubles)(
    "a creation with $name is the platform's fault and leaves nothing",
    async ({ code, spec: special = spec, begin }) => {
      {
        await using trouble = (await begin?.()) ?? new AsyncDisposableStack()
        void trouble
        const before = await leftovers()
        const creating = session().create(special('m0'), { folder: folderFor('m0'), signal: never })
        await expect(creating).rejects.toMatchObject({ name: 'InfraError', code })
        expect(await leftovers()).toEqual(before)
      }
      await using machine = await create('m1')
      expect(machine.name).toBe('m1')
    },
    timeoutMs,
  )
}
