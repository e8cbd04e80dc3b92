import { expect, test } from 'vitest'
import { MachineError } from '../errors.ts'
import type { SshSession } from '../ssh/index.ts'
import { rebootUntilReady, type LongReboot } from './reboot-until-ready.ts'

/** A machine whose boots answer one after the other as told; counts the boots that were forgotten. */
function machineWith(
  looks: readonly (Error | undefined)[],
): LongReboot & { readonly forgotten: () => number } {
  let forgotten = 0
  let at = 0
  const session: Pick<SshSession, 'reboot' | 'forgetBoot'> = {
    reboot: async () => await Promise.resolve({ bootId: 'b', durationMs: 1 }),
    forgetBoot: () => void (forgotten += 1),
  }
  return {
    machine: 'm0',
    session: session as SshSession,
    how: undefined,
    timeoutMs: 20_000,
    signal: new AbortController().signal,
    lastSeen: () => 'a line',
    becomeReady: async () => {
      const look = looks[Math.min(at++, looks.length - 1)]
      await Promise.resolve()
      if (look !== undefined) throw look
    },
    forgotten: () => forgotten,
  }
}

const unfit = new MachineError('m0: broken.service has failed', { code: 'failed-units' })

test('the first boot that is ready ends it', async () => {
  const machine = machineWith([unfit, new Error('the machine rebooted by itself'), undefined])
  await rebootUntilReady(machine)
  expect(machine.forgotten()).toBe(2)
})

test('when none is, the time says why the last one was not', async () => {
  const machine = { ...machineWith([unfit]), timeoutMs: 1500 }
  await expect(rebootUntilReady(machine)).rejects.toThrow(
    /m0 to be ready after a reboot.*broken\.service has failed; last console line: a line/,
  )
})

test('an abort ends it at once', async () => {
  const abort = new AbortController()
  const machine = { ...machineWith([unfit]), signal: abort.signal }
  const ended = rebootUntilReady(machine)
  abort.abort(new Error('no more'))
  await expect(ended).rejects.toThrow('no more')
})
