// Forks that fail on real machines: the template, the clone or the harness goes away at the worst moment. A wrong verdict is
// never the answer.

import { once } from 'node:events'
import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sleep } from '../deadline.ts'
import type { SignalboxEvent } from '../events.ts'
import { createForkWorld, origins } from './forks.test.fixture.ts'

const { world, templates, env, run, onlyTemplate, qemus } = createForkWorld()
const faults = world.corpus('fork-faults')

const notices = (events: readonly SignalboxEvent[]): readonly string[] =>
  events.flatMap((event) => (event.type === 'run.notice' ? [event.code] : []))

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
  while (qemus().length === 0) await sleep(20)
  await sleep(2500)
  rmSync(folder, { recursive: true })
  const { exitCode, stdout } = await child
  // Found out, and booted instead: nothing is counted against the test.
  expect(stdout).toContain('1 passed')
  expect(exitCode).toBe(0)
  expect(qemus()).toEqual([])
})

it('a clone that is killed while it starts is booted or forked again, and the verdict is right', async () => {
  await run('fork-faults.plain', ...faults)
  for (const afterMs of [0, 250, 700]) {
    const child = world.signalbox(['run', 'fork-faults.plain', ...faults], env)
    while (qemus().length === 0) await sleep(5)
    await sleep(afterMs)
    for (const pid of qemus()) process.kill(pid, 'SIGKILL')
    const { exitCode, stdout } = await child
    expect(stdout).toContain('1 passed')
    expect(exitCode).toBe(0)
  }
  expect(qemus()).toEqual([])
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
  expect(qemus()).toEqual([])
  onlyTemplate()
})
