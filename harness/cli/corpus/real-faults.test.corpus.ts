// A corpus for the CLI's own tests on real machines: guests and hosts that misbehave in the middle of a test.

import { expect, test } from '../../index.ts'

test('real.waits', { timeoutMs: 300_000 }, async ({ machine }) => {
  // The first attempt is still waiting when its QEMU is killed from outside; the second one is let through.
  if (test.info().attempt.n === 1) await machine.run('sleep 3000', { timeoutMs: 3_000_000 })
  expect(await machine.run('uname -s')).toBe('Linux')
})

test('real.floods-the-console', { timeoutMs: 60_000 }, async ({ machine, console }) => {
  await machine.run('systemd-run --unit=flood sh -c "yes $(printf %0200d 0) > /dev/ttyS0"', { sudo: true })
  await console.waitFor(/0{200}/)
  for (let round = 0; round < 5; round += 1) expect(await machine.run('echo still here')).toBe('still here')
  await machine.run('systemctl stop flood', { sudo: true })
})

test('real.panics', async ({ machine }) => {
  await machine.run('true')
})
