// The contract of power: what a platform has of it works, and what it has not is refused.

import { expect, test } from 'vitest'
import { withDeadline } from '../../harness/deadline.ts'
import type { Capability, PlatformMachine } from '../../harness/machine.ts'
import { never, stillRuns, until, type ContractTools } from './contract-tools.test.suite.ts'

export function powerContract(
  { create, timeoutMs }: ContractTools,
  {
    can,
    booted,
    isConsoleStatic,
  }: {
    readonly can: (capability: Capability) => boolean
    readonly booted: (machine: PlatformMachine) => Promise<void>
    readonly isConsoleStatic: boolean
  },
): void {
  const within = async <T>(phase: string, promise: Promise<T>): Promise<T> =>
    await withDeadline({ phase, timeoutMs }, async () => await promise)
  const bootedAgain = async (machine: PlatformMachine, bytes: number): Promise<void> => {
    if (!can('console') || isConsoleStatic) return
    await within(
      'the second boot',
      until(machine.console, () => machine.console.bytes > bytes),
    )
  }

  test(
    'power that it has not is a wrong use, and does nothing',
    async () => {
      await using machine = await create('m0')
      const actions = [
        ...(can('power') ? [] : (['cut', 'on', 'shutdown'] as const)),
        ...(can('reset') ? [] : (['reset'] as const)),
        ...(can('pause') ? [] : (['pause', 'resume'] as const)),
      ]
      for (const action of actions)
        await expect(within(action, machine.power(action, never))).rejects.toMatchObject({
          name: 'UsageError',
        })
      expect(await stillRuns(machine)).toBe(true)
    },
    timeoutMs,
  )

  test.runIf(can('power'))(
    'cutting the power is an expected exit; on starts it again',
    async () => {
      await using machine = await create('m0')
      await booted(machine)
      await within('the cut', machine.power('cut', never))
      expect(await within('the exit', machine.exited)).toMatchObject({ expected: true })
      const bytes = machine.console.bytes
      await within('power on', machine.power('on', never))
      expect(await stillRuns(machine)).toBe(true)
      expect((await machine.ssh(never)).port).toBeGreaterThan(0)
      await bootedAgain(machine, bytes)
    },
    timeoutMs,
  )

  test.runIf(can('reset'))(
    `${can('pause') ? 'reset, pause and resume keep' : 'a reset keeps'} the machine`,
    async () => {
      await using machine = await create('m0')
      await booted(machine)
      if (can('pause')) {
        await within('pause', machine.power('pause', never))
        await within('resume', machine.power('resume', never))
      }
      const bytes = machine.console.bytes
      await within('reset', machine.power('reset', never))
      await bootedAgain(machine, bytes)
      expect(await stillRuns(machine)).toBe(true)
    },
    timeoutMs,
  )

  test.runIf(can('power'))(
    'an aborted signal ends power with its reason',
    async () => {
      await using machine = await create('m0')
      const reason = new Error('enough')
      await expect(machine.power('cut', AbortSignal.abort(reason))).rejects.toBe(reason)
      expect(await stillRuns(machine)).toBe(true)
    },
    timeoutMs,
  )
}
