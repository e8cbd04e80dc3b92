// Forks on real machines, through the real command line: what clones are, and what becomes of a run whose template is damaged
// or finds no room. fork-faults.machine.test.ts has the other faults.

import { chmodSync, closeSync, openSync, rmSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createForkWorld, origins } from './forks.test.fixture.ts'

const { world, templates, run, onlyTemplate, qemus } = createForkWorld()
const faults = world.corpus('fork-faults')

it('clones are machines of their own; a checkpoint can be gone back to', async () => {
  const first = await run('forks.identity', 'forks.checkpoint', ...world.corpus('forks'))
  expect(first.stdout).toContain('2 passed')
  expect(origins(first.events)).toEqual(['cold', 'fork', 'fork', 'fork'])
  expect(qemus()).toEqual([])
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

it('a host without room for a template boots', async () => {
  const { exitCode, stdout } = await world.signalbox(['run', 'fork-faults.plain', ...faults], {
    SIGNALBOX_TEMPLATES: join(templates, 'small'),
    SIGNALBOX_TEMPLATE_MIB: '100',
  })
  expect(stdout).toContain('1 passed')
  expect(stdout).toMatch(/no room for \d+ MiB/)
  expect(exitCode).toBe(0)
})
