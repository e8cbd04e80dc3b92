import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { createCliWorld, type CliResult } from './cli.test.fixture.ts'

const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())
const TIMEOUT_MS = 120_000
const target = [...world.target, ...world.corpus('faults')]

it(
  'refuses broken Ignition JSON before anything boots, and shows the place',
  { timeout: TIMEOUT_MS },
  async () => {
    const { exitCode, stderr } = await world.signalbox(['run', 'fault.broken-ignition', ...target])
    expect(stderr).toMatch(/the Ignition config of fault.broken-ignition[^]*line 1/)
    expect(exitCode).toBe(2)
  },
)

it(
  'refuses an Ignition version that the image cannot read, and lists those it can',
  { timeout: TIMEOUT_MS },
  async () => {
    const { exitCode, stderr } = await world.signalbox(['run', 'fault.old-ignition', ...target])
    expect(stderr).toMatch(/2\.1\.0[^]*3\.0\.0/)
    expect(exitCode).toBe(2)
  },
)

it('shows the last console lines of a guest that never answers SSH', { timeout: TIMEOUT_MS }, async () => {
  const { exitCode, stdout } = await world.signalbox([
    'run',
    'fault.silent',
    ...target,
    '--boot-timeout',
    '2',
  ])
  expect(stdout).toMatch(/✗ fault.silent .*waited .* for SSH/)
  expect(stdout).toContain('Starting the thing that hangs...')
  expect(exitCode).toBe(1)
})

it('ends the wait as soon as the guest is in an emergency shell', { timeout: TIMEOUT_MS }, async () => {
  const { exitCode, stdout } = await world.signalbox([
    'run',
    'fault.emergency',
    ...target,
    '--boot-timeout',
    '600',
  ])
  expect(stdout).toMatch(/✗ fault.emergency .*emergency mode/)
  expect(exitCode).toBe(1)
})

it('keeps a flood out of memory and out of the events', { timeout: TIMEOUT_MS }, async () => {
  const { exitCode } = await world.signalbox(['run', 'fault.floods-a-command', ...target])
  expect(exitCode).toBe(0)
  expect(readFileSync(join(world.output, 'latest', 'events.jsonl')).length).toBeLessThan(200_000)
})

/** Runs the command line in a mount namespace of its own, after `prepare` (a shell line run as its root). */
async function inNamespace(prepare: string, args: readonly string[]): Promise<CliResult> {
  const script = `${prepare} && exec "$@"`
  const node = [process.execPath, join(import.meta.dirname, 'bin.ts'), ...args]
  const child = spawn(
    'unshare',
    ['--user', '--map-root-user', '--mount', 'sh', '-c', script, 'sh', ...node],
    {
      env: {
        PATH: process.env['PATH'],
        LANG: 'C.UTF-8',
        HOME: join(world.folder, 'home'),
        SIGNALBOX_RUNTIME: join(world.folder, 'run'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const out = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (out.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (out.stderr += chunk.toString()))
  const [exitCode] = (await once(child, 'close')) as [number | null]
  return { exitCode, ...out }
}

it(
  'stops with a clear message when the results folder is full, and still says the verdicts',
  { timeout: TIMEOUT_MS },
  async () => {
    const full = join(world.folder, 'full')
    // Room for a folder and the first events, not for a run.
    const prepare = `mkdir -p '${full}' && mount -t tmpfs -o size=12k tmpfs '${full}'`
    const { exitCode, stdout, stderr } = await inNamespace(prepare, [
      'run',
      'fault.fine',
      ...target,
      '-o',
      full,
    ])
    expect(stderr).toMatch(/no space left|ENOSPC/)
    expect(stdout).toContain('fault.fine')
    expect(exitCode).toBe(3)
  },
)

it('runs with a read-only home, with a key for this run only', { timeout: TIMEOUT_MS }, async () => {
  const home = join(world.folder, 'home')
  const prepare = `mkdir -p '${home}' && mount -t tmpfs -o ro tmpfs '${home}'`
  const { exitCode, stdout } = await inNamespace(prepare, [
    'run',
    'fault.fine',
    ...target,
    '-o',
    join(world.folder, 'rw'),
  ])
  expect(stdout).toMatch(/cannot keep the SSH key/)
  expect(stdout).toContain('1 passed')
  expect(exitCode).toBe(0)
})
