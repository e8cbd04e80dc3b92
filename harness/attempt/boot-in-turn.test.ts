import { expect, it } from 'vitest'
import type { LiveMachine } from '../machines/live-machine.ts'
import { Slots } from '../ssh/index.ts'
import { inAttempt, type AttemptContext } from '../running/context.ts'
import { bootInTurn } from './acquire.ts'
import { defaultTimeouts } from './environment.ts'

const { signal } = new AbortController()
const machine = (name: string): LiveMachine => ({ folder: name }) as LiveMachine

/** Boots that begin in the order of their calls; `up` says of each when it is up. */
function boots(readyMs: number) {
  const env = { bootSlots: new Slots(1), timeouts: { ...defaultTimeouts(1), readyMs } }
  const up: (() => void)[] = []
  const boot = async (name: string): Promise<LiveMachine> =>
    await bootInTurn(env, signal, async (onUp) => {
      up.push(onUp)
      return machine(name)
    })
  return { env, up, boot }
}

it('boots the next machine when the one before is up, once', async () => {
  const { up, boot } = boots(3_600_000)
  await boot('a')
  const later = [boot('b'), boot('c')]
  await new Promise(setImmediate)
  expect(up).toHaveLength(1)
  up[0]?.()
  up[0]?.()
  await later[0]
  await new Promise(setImmediate)
  expect(up).toHaveLength(2)
  up[1]?.()
  await later[1]
})

it('waits neither for a machine that could not be created nor for ever for one that hangs', async () => {
  const { env, up, boot } = boots(60)
  const failed = bootInTurn(env, signal, async () => await Promise.reject(new Error('no room')))
  await expect(failed).rejects.toThrow('no room')
  await boot('hangs')
  await boot('b')
  expect(up).toHaveLength(2)
})

it('takes no time from the attempt that waits', async () => {
  const { up, boot } = boots(3_600_000)
  let holds = 0
  const holdDeadline = (): Disposable => {
    holds += 1
    return { [Symbol.dispose]: () => void (holds -= 1) }
  }
  await boot('a')
  const waiting = inAttempt({ holdDeadline } as AttemptContext, async () => await boot('b'))
  await new Promise(setImmediate)
  expect(holds).toBe(1)
  up[0]?.()
  await waiting
  expect(holds).toBe(0)
})
