import { expect as vitestExpect, it } from 'vitest'
import { machineBrand } from '../fixtures/brand.ts'
import type { Machine } from '../fixtures/fixtures.ts'
import { inAttempt, type AttemptContext } from '../running/context.ts'
import { expect } from './expect.ts'
import { retryUntilPass } from './retry.ts'

/** A machine that answers commands with the given outputs, one after the other; the last one stays. */
function machineSaying(...outputs: readonly (string | Error)[]): Machine {
  let round = 0
  const exec = async () => {
    const output = outputs[Math.min(round, outputs.length - 1)] ?? ''
    round += 1
    if (output instanceof Error) throw output
    return await Promise.resolve({
      command: '',
      exitCode: 0,
      stdout: output,
      stderr: '',
      stdoutBytes: 0,
      stderrBytes: 0,
      truncated: false,
      durationMs: 0,
    })
  }
  return { [machineBrand]: true, name: 'm0', slowness: 1, exec } as unknown as Machine
}

it('waits until a unit is active, also over a dropped connection', async () => {
  const machine = machineSaying('ActiveState=activating', new Error('connection lost'), 'ActiveState=active')
  await expect(machine).toHaveActiveUnit('ssh.service')
})

it('says what was expected, what was seen last, and how it moved', async () => {
  const machine = machineSaying('ActiveState=activating', 'ActiveState=failed')
  const failing = expect(machine).toHaveActiveUnit('ssh.service', { timeoutMs: 150 })
  await vitestExpect(failing).rejects.toThrow(
    /expected m0: unit ssh.service to be active\nlast seen after .*: ActiveState=failed\nit moved:\n.*activating\n.*failed/,
  )
})

it('waits for the opposite with not', async () => {
  await expect(machineSaying('broken.service loaded failed', '')).toHaveNoFailedUnits()
  await expect(machineSaying('', 'broken.service loaded failed')).not.toHaveNoFailedUnits()
})

it.each([
  ['LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\nLISTEN 0 128 [::]:80 [::]:*', 80, true],
  ['LISTEN 0 128 127.0.0.53%lo:53 0.0.0.0:*', 53, true],
  ['LISTEN 0 128 0.0.0.0:8080 0.0.0.0:*', 80, false],
])('reads ports out of %j', async (output, port, listens) => {
  const asked = expect(machineSaying(output))
  await (listens ? asked : asked.not).toListenOn(port, { timeoutMs: 1 })
})

it('of mounts one over the other looks at the last, which is the one that is seen', async () => {
  const machine = machineSaying('erofs ro,relatime\noverlay ro,nodev\n')
  await expect(machine).toHaveMount('/usr', { fstype: 'overlay', options: ['nodev'], timeoutMs: 1 })
  await expect(machine).not.toHaveMount('/usr', { fstype: 'erofs', timeoutMs: 1 })
})

it('turns plain values over to the usual matchers, without their signature line', () => {
  expect([1, 2]).toEqual(expect.arrayContaining([2]))
  vitestExpect(() => expect('a').toBe('b')).toThrow(/^Expected: "b"\nReceived: "a"$/)
  vitestExpect(() => expect(1).not.toBe(1)).toThrow('Expected: not 1')
})

it('polls a value', async () => {
  let value = 0
  await expect.poll(() => (value += 1)).toBeGreaterThan(2)
  await vitestExpect(expect.poll(() => 1, { timeoutMs: 1 }).toBe(2)).rejects.toThrow(/Received: 1/)
})

it('goes on after a soft failure and remembers it', async () => {
  const context: AttemptContext = {
    ref: { test: 'a', n: 1 },
    plan: {
      test: 'a',
      location: { file: 'a.ts', line: 1, column: 1 },
      tags: [],
      aliases: [],
      expectation: { kind: 'run' },
    },
    emit: () => undefined,
    signal: new AbortController().signal,
    runFolder: '/nonexistent',
    folder: '/nowhere',
    failures: [],
    phase: 'body',
    step: undefined,
    holdDeadline: () => ({ [Symbol.dispose]: () => undefined }),
    updateSnapshots: 'missing',
    counter: { steps: 0, attachments: 0, heldMs: 0 },
  }
  await inAttempt(context, async () => {
    expect.soft(1).toBe(2)
    await expect.soft(machineSaying('')).toHaveActiveUnit('x', { timeoutMs: 1 })
    expect.soft(1).toBe(1)
  })
  vitestExpect(context.failures.map(({ code, soft }) => [code, soft])).toEqual([
    ['expect.toBe', true],
    ['expect.toHaveActiveUnit', true],
  ])
})

it('stops asking when the attempt is over', async () => {
  const signal = AbortSignal.abort(new Error('the attempt is over'))
  const asking = retryUntilPass({
    matcher: 'x',
    expected: 'x',
    timeoutMs: 1000,
    signal,
    probe: async () => await Promise.resolve({ pass: false, seen: '' }),
  })
  await vitestExpect(asking).rejects.toThrow('the attempt is over')
})
