// Machines that SSH does not reach, through the real command line: the control line does its work, and failures say why.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import type { EventOf, SignalboxEvent } from '../events.ts'
import { createCliWorld } from './cli.test.fixture.ts'

vi.setConfig({ testTimeout: 120_000 })
const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())

async function run(name: string, ...more: readonly string[]) {
  const args = ['run', name, ...world.target, ...world.corpus('control'), '--no-fork', ...more]
  const result = await world.signalbox(args)
  const lines = readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
  const events = lines.map((line) => JSON.parse(line) as SignalboxEvent)
  const of = <T extends SignalboxEvent['type']>(type: T): readonly EventOf<T>[] =>
    events.filter((event): event is EventOf<T> => event.type === type)
  const failures = of('attempt.finished').flatMap((attempt) => attempt.failures)
  return { ...result, of, failures }
}

it('commands, files and the journal without SSH; every command is an event that says how it went', async () => {
  const { exitCode, stdout, of } = await run('control.*')
  expect(stdout).toContain('3 passed')
  expect(exitCode).toBe(0)
  const over = of('command.finished').filter((event) => event.over === 'control')
  expect(over.find(({ command }) => command === 'echo hello')).toMatchObject({
    attempt: { test: 'control.without-ssh', n: 1 },
    exitCode: 0,
    stdoutTail: 'hello',
  })
  // One that ran out of time, too.
  expect(over.find(({ command }) => command === 'sleep 100')).toMatchObject({ exitCode: 137 })
  expect(
    of('command.finished').find(({ command }) => command === 'echo over SSH again')?.over,
  ).toBeUndefined()
})

it('SSH that never comes up: the likely cause first, then the wait, with what the machine says', async () => {
  const { exitCode, stdout, failures } = await run('lost.at-boot', '--boot-timeout', '2')
  expect(stdout).toMatch(
    /✗ lost.at-boot .*m0: ssh.service is failed \(exit-code\): sshd\[77\]: .*Bad configuration option: Nonsense \(waited 2.0 s for SSH/,
  )
  expect(exitCode).toBe(1)
  expect(failures).toMatchObject([{ phase: 'ready', kind: 'timeout', code: 'timeout', machine: 'm0' }])
  expect(failures[0]?.evidence).toEqual(
    expect.arrayContaining([
      'm0 says: ssh.service: failed (failed), exit-code',
      'm0 says: failed units: ssh.service',
      'm0 says: address: enp0s2 UP 10.0.2.15/24',
      'm0 says: route: default via 10.0.2.2 dev enp0s2 proto dhcp',
      expect.stringMatching(/^m0 console: Linux version/),
    ]),
  )
  // Its state and, without a side channel, its journal are kept all the same.
  const kept = readdirSync(join(world.output, 'latest', 'attempts', 'lost.at-boot', '1', 'attachments'))
  expect(kept.join()).toMatch(/failed-units.*dmesg.*system.*journal-tail/)
})

it.each([
  ['lost.in-body', /m0: ssh.service is masked \(waited 1.5 s for the test body/],
  ['lost.after-reboot', /m0: the network is down: enp0s2 DOWN \(waited 1.5 s for the test body/],
])('%s', async (name, message) => {
  const { exitCode, failures } = await run(name)
  expect(exitCode).toBe(1)
  expect(failures).toMatchObject([
    { phase: 'body', kind: 'timeout', message: expect.stringMatching(message) },
  ])
})

it('what sudo does not give any more, the agent does', async () => {
  const { exitCode, failures } = await run('hangs.sudo')
  expect(failures).toMatchObject([{ phase: 'body', kind: 'assertion' }])
  expect(exitCode).toBe(1)
  const kept = readdirSync(join(world.output, 'latest', 'attempts', 'hangs.sudo', '1', 'attachments'))
  expect(kept.join()).toMatch(/failed-units.*dmesg.*system.*blocked-tasks/)
})

it('when even the agent is silent, that is said', async () => {
  const { exitCode, stdout } = await run('lost.altogether', '--boot-timeout', '1')
  expect(stdout).toMatch(
    /lost.altogether .*m0: neither SSH nor the agent in the guest answers \(waited 1.0 s/,
  )
  expect(exitCode).toBe(1)
})

it("a machine that the host had no time for is nobody else's failure, and is tried again", async () => {
  const { exitCode, stdout, of } = await run('starved.at-boot', '--boot-timeout', '1')
  expect(of('attempt.finished').map(({ outcome }) => outcome)).toEqual(['infra', 'passed'])
  expect(of('attempt.finished')[0]?.failures).toMatchObject([
    {
      code: 'host-starved',
      message: expect.stringMatching(
        /^the host was too busy for m0, which ran for 1.0 s and waited 9.0 s for a CPU \(.*waited 1.0 s/,
      ),
    },
  ])
  expect(stdout).toContain('1 passed')
  expect(exitCode).toBe(0)
})

it('a machine that answers is not blamed', async () => {
  const { failures } = await run('not-lost.*')
  expect(failures.map(({ message }) => message).toSorted()).toEqual([
    expect.stringMatching(/^Expected: "b"/),
    expect.stringMatching(/^waited 0.5 s for the test body/),
  ])
})
