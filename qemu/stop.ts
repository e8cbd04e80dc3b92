// Ending a machine: orderly (the guest is asked to power off), then `quit`, then SIGKILL, each within its own budget.
// A throw-away machine goes straight to SIGKILL: its disks are deleted anyway.

import { TimeoutError, withDeadline } from '../harness/deadline.ts'
import { InfraError } from '../harness/errors.ts'
import type { MachineEnd } from './machine-end.ts'
import type { QmpConnection } from './qmp.ts'

/** What `stopOrderly` needs of a running machine. */
export interface Stoppable {
  readonly pid: number
  readonly qmp: QmpConnection
  readonly ended: Promise<MachineEnd>
  kill(): void
}

export interface StopBudgets {
  /** For the guest to power off by itself after the power button. */
  readonly powerdownMs: number
  /** For QEMU to quit after it was told. */
  readonly quitMs: number
}

/** Presses the power button and waits; then quits; then kills. Returns which of them worked. */
export async function stopOrderly(
  machine: Stoppable,
  budgets: StopBudgets,
  signal?: AbortSignal,
): Promise<'powered-off' | 'quit' | 'killed'> {
  const pressed = await attempt(
    'the guest to power off',
    budgets.powerdownMs,
    async () => {
      await machine.qmp.execute('system_powerdown', {}, { signal })
      await machine.ended
    },
    signal,
  )
  if (pressed) return 'powered-off'
  const quit = await attempt(
    'QEMU to quit',
    budgets.quitMs,
    async () => {
      await machine.qmp.execute('quit', {}, { timeoutMs: budgets.quitMs })
      await machine.ended
    },
    undefined,
  )
  if (quit) return 'quit'
  await killAndWait(() => machine.kill(), machine.ended, machine.pid)
  return 'killed'
}

/** Kills a process and waits until it is gone. Throws InfraError when the kernel does not let go of it in 10 s. */
export async function killAndWait(kill: () => void, ended: Promise<unknown>, pid: number): Promise<void> {
  kill()
  try {
    await withDeadline({ phase: `process ${pid} to die`, timeoutMs: 10_000 }, async () => ended)
  } catch (cause) {
    throw new InfraError(`process ${pid} does not die after SIGKILL`, {
      code: 'unkillable',
      hint: 'it is probably stuck in the kernel on a failing disk; see dmesg',
      cause,
    })
  }
}

async function attempt(
  phase: string,
  timeoutMs: number,
  work: () => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await withDeadline({ phase, timeoutMs, signal }, work)
    return true
  } catch (error) {
    if (signal?.aborted === true && !(error instanceof TimeoutError)) throw error
    return false
  }
}
