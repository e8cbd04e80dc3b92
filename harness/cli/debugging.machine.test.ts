// Failed machines that people go into: kept, entered before teardown, saved and brought up again. All on real machines.

import { chmodSync, globSync, openSync, readFileSync, statSync, writeSync, closeSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { buildReferenceImage } from '../../qemu/image/index.ts'
import { cacheFolder } from '../folders.ts'
import { createCliWorld, type CliResult } from './cli.test.fixture.ts'
import { onTerminal } from './terminal.test.fixture.ts'

const world = createCliWorld({ cache: cacheFolder() })
afterAll(() => world[Symbol.dispose]())
const corpus = world.corpus('real-debugging')
await buildReferenceImage()

const resume = async (...args: readonly string[]): Promise<CliResult> =>
  await world.signalbox(['resume', ...args])

it('keeps a failed machine running, which ssh reaches and ends', async () => {
  const { exitCode, stdout } = await world.signalbox(['run', 'debug.fails', '--keep', ...corpus])
  expect(exitCode).toBe(1)
  const [, name = ''] = /^ {2}signalbox ssh (\S+\/debug\.fails\/m0)$/m.exec(stdout) ?? []
  const clue = await world.signalbox(['ssh', name, '--', 'cat', '/run/clue', '/var/clue'])
  expect(clue).toEqual({ exitCode: 0, stdout: 'the-butler\non-disk\n', stderr: '' })
  const ended = await world.signalbox(['ssh', '--end', name])
  expect(ended.stdout).toContain(`ended ${name}`)
  expect((await world.signalbox(['ssh', name, '--', 'true'])).exitCode).toBe(2)
})

it('opens a shell in the failed machine before it is destroyed', async () => {
  using terminal = onTerminal(['run', 'debug.fails', '--on-failure', 'shell', ...corpus], world.env)
  // Booting the template takes minutes where guests are emulated.
  await terminal.waitFor(/debug\.fails failed: /, 600_000)
  await terminal.waitFor(/core@\S+[$#] /, 120_000)
  terminal.type('cat /run/clue\r')
  await terminal.waitFor(/the-butler/)
  terminal.type('exit\r')
  await terminal.waitFor(/left m0; the run goes on/)
  expect(await terminal.ended()).toBe(1)
})

it('saves a failed machine, and brings it up with its memory as often as one likes', async () => {
  const { exitCode, stdout } = await world.signalbox(['run', 'debug.fails', '--save-failed', ...corpus])
  expect(stdout).toMatch(/^ {2}signalbox resume \S+\/debug\.fails$/m)
  expect(exitCode).toBe(1)
  // A file in a tmpfs, one on the disk, and a process that the test started.
  const look = 'cat /run/clue /var/clue; pgrep --exact sleep >/dev/null && echo it still sleeps'
  for (let time = 0; time < 2; time += 1) {
    const again = await resume(
      'latest/debug.fails/m0',
      '--',
      `${look}; sudo rm /run/clue /var/clue; date +%s`,
    )
    expect(again.stderr).toMatch(/m0 runs again as it was saved at .*; its clock was set/)
    const lines = again.stdout.trimEnd().split('\n')
    expect(lines.slice(0, 3)).toEqual(['the-butler', 'on-disk', 'it still sleeps'])
    expect(Math.abs(Number(lines[3]) - Date.now() / 1000)).toBeLessThan(60)
    expect(again.exitCode).toBe(0)
  }

  const detached = await resume('debug.fails', '--detach')
  const [, name = ''] = /^signalbox ssh (\S+)$/m.exec(detached.stdout) ?? []
  expect((await world.signalbox(['ssh', name, '--', 'cat', '/run/clue'])).stdout).toBe('the-butler\n')
  await world.signalbox(['ssh', '--end', name])

  const [state = ''] = globSync('attempts/*/*/m0/saved/state', { cwd: join(world.output, 'latest') })
  damage(join(world.output, 'latest', state))
  const damaged = await resume('debug.fails', '--', 'true')
  expect(damaged.stderr).toMatch(/a saved machine is damaged: \S+\/saved\/state: its checksum is wrong/)
  expect(damaged.exitCode).toBe(3)
  expect((await world.signalbox(['gc'])).stdout).not.toMatch(/qemu/)
})

it('saves a cluster at one instant, and brings it up on its network', async () => {
  await world.signalbox(['run', 'debug.cluster-fails', '--save-failed', ...corpus])
  const both = await resume('latest/debug.cluster-fails/m1', '--', 'cat /run/clue; sudo ping -c 3 -W 20 m0')
  expect(both.stdout).toMatch(/^i-am-m1\n/)
  expect(both.stdout).toMatch(/ 0% packet loss|[123] received/)
  expect(both.exitCode).toBe(0)
})

/** Flips a bit in the middle of what the guest's memory holds. */
function damage(path: string): void {
  chmodSync(path, 0o600)
  const bytes = readFileSync(path)
  let at = Math.floor(statSync(path).size / 2)
  while (bytes[at] === 0) at += 1
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.from([(bytes[at] ?? 0) ^ 1]), 0, 1, at)
  closeSync(file)
}
