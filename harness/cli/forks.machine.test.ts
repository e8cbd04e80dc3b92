// Forks on real machines, through the real command line: what clones are, and what becomes of a run when the template, the
// host or the clone fails. A wrong verdict is never the answer.

import { once } from 'node:events'
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  chmodSync,
  openSync,
  writeSync,
  closeSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { sleep } from '../deadline.ts'
import type { SignalboxEvent } from '../events.ts'
import { cacheFolder } from '../folders.ts'
import { createCliWorld, type CliResult } from './cli.test.fixture.ts'

const world = createCliWorld({ cache: cacheFolder() })
const templates = `/dev/shm/signalbox-test-${process.pid}`
afterAll(() => {
  world[Symbol.dispose]()
  rmSync(templates, { recursive: true, force: true })
})
const env = { SIGNALBOX_TEMPLATES: templates }
const faults = world.corpus('fork-faults')

async function run(
  ...args: readonly string[]
): Promise<CliResult & { readonly events: readonly SignalboxEvent[] }> {
  const result = await world.signalbox(['run', ...args], env)
  const lines = readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
  return { ...result, events: lines.map((line) => JSON.parse(line) as SignalboxEvent) }
}

const origins = (events: readonly SignalboxEvent[]): readonly string[] =>
  events.flatMap((event) => (event.type === 'machine.created' ? [event.origin] : []))

const notices = (events: readonly SignalboxEvent[]): readonly string[] =>
  events.flatMap((event) => (event.type === 'run.notice' ? [event.code] : []))

/** The one template there is, with its memory. */
function onlyTemplate(): { readonly folder: string; readonly memory: string } {
  const names = readdirSync(templates).filter((name) => /^[0-9a-f]{64}$/.test(name))
  expect(names).toHaveLength(1)
  const folder = join(templates, names[0] ?? '')
  return { folder, memory: join(folder, 'm0.ram') }
}

function ourQemus(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        return /^[^\0]*qemu-system/.test(command) && command.includes(join(world.folder, 'run'))
      } catch {
        return false
      }
    })
    .map(Number)
}

it('clones are machines of their own; a checkpoint can be gone back to', async () => {
  const first = await run('forks.identity', 'forks.checkpoint', ...world.corpus('forks'))
  expect(first.stdout).toContain('2 passed')
  expect(origins(first.events)).toEqual(['cold', 'fork', 'fork', 'fork'])
  expect(ourQemus()).toEqual([])
})

it('a cluster is saved at one instant and forked as one, its connections with it', async () => {
  const result = await run('forks.cluster*', ...world.corpus('forks'))
  expect(result.stdout).toContain('2 passed')
  expect(origins(result.events).filter((origin) => origin === 'cold')).toHaveLength(3)
  rmSync(templates, { recursive: true })
})

it('the template of one run serves the next; a damaged one is made anew', async () => {
  expect(origins((await run('fork-faults.plain', ...faults)).events)).toEqual(['cold', 'fork'])
  expect(origins((await run('fork-faults.plain', ...faults)).events)).toEqual(['fork'])
  const { memory } = onlyTemplate()
  truncateSync(memory, 512 * 1024 * 1024)
  const truncated = await run('fork-faults.plain', ...faults)
  expect(truncated).toMatchObject({ exitCode: 0 })
  expect(origins(truncated.events)).toEqual(['cold', 'fork'])
  chmodSync(memory, 0o600)
  const file = openSync(memory, 'r+')
  writeSync(file, Buffer.from([0xff]), 0, 1, 300 * 1024 * 1024)
  closeSync(file)
  const flipped = await run('fork-faults.plain', ...faults)
  expect(flipped).toMatchObject({ exitCode: 0 })
  expect(origins(flipped.events)).toEqual(['cold', 'fork'])
})

it('a template that is deleted under a running clone makes no wrong verdict', async () => {
  const child = world.signalbox(['run', 'fork-faults.long', ...faults], env)
  const { folder } = onlyTemplate()
  while (ourQemus().length === 0) await sleep(20)
  await sleep(2500)
  rmSync(folder, { recursive: true })
  const { exitCode, stdout } = await child
  // Found out, and booted instead: nothing is counted against the test.
  expect(stdout).toContain('1 passed')
  expect(exitCode).toBe(0)
  expect(ourQemus()).toEqual([])
})

it('a clone that is killed while it starts is booted or forked again, and the verdict is right', async () => {
  await run('fork-faults.plain', ...faults)
  for (const afterMs of [0, 250, 700]) {
    const child = world.signalbox(['run', 'fork-faults.plain', ...faults], env)
    while (ourQemus().length === 0) await sleep(5)
    await sleep(afterMs)
    for (const pid of ourQemus()) process.kill(pid, 'SIGKILL')
    const { exitCode, stdout } = await child
    expect(stdout).toContain('1 passed')
    expect(exitCode).toBe(0)
  }
  expect(ourQemus()).toEqual([])
})

it('a machine that never comes to rest is booted, and why is said', async () => {
  const restless = await run('fork-faults.restless', ...faults)
  expect(restless.stdout).toContain('1 passed')
  expect(origins(restless.events)).toEqual(['cold'])
  expect(notices(restless.events)).toContain('not-forked')
  const again = await run('fork-faults.restless', ...faults)
  expect(origins(again.events)).toEqual(['cold'])
  expect(again.stdout).toMatch(/never comes to rest/)
})

it('a host without room for a template boots', async () => {
  const { exitCode, stdout } = await world.signalbox(['run', 'fork-faults.plain', ...faults], {
    SIGNALBOX_TEMPLATES: join(templates, 'small'),
    SIGNALBOX_TEMPLATE_MIB: '100',
  })
  expect(stdout).toContain('1 passed')
  expect(stdout).toMatch(/no room for \d+ MiB/)
  expect(exitCode).toBe(0)
})

it('a harness that is killed while it saves leaves nothing; the next run makes the template', async () => {
  rmSync(templates, { recursive: true, force: true })
  const child = world.start(['run', 'fork-faults.plain', ...faults], env)
  const hasDraft = (): string | undefined =>
    existsSync(templates) ? readdirSync(templates).find((name) => name.endsWith('.draft')) : undefined
  const isSaving = (): boolean => {
    const draft = hasDraft()
    return draft !== undefined && existsSync(join(templates, draft, 'm0.state'))
  }
  while (!isSaving()) await sleep(2)
  child.kill('SIGKILL')
  await once(child, 'close')
  const next = await run('fork-faults.plain', ...faults)
  expect(next.stdout).toContain('1 passed')
  expect(origins(next.events)).toEqual(['cold', 'fork'])
  expect(hasDraft()).toBeUndefined()
  expect(ourQemus()).toEqual([])
  onlyTemplate()
})
