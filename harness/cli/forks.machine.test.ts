// Forks on real machines, through the real command line: what clones are, and what becomes of a run whose template finds no
// room. fork-faults.machine.test.ts has the other faults.

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createForkWorld, origins } from './forks.test.fixture.ts'

const { world, templates, run, qemus } = createForkWorld()
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

it('machines of the first boot begin in its initrd, and are machines of their own', async () => {
  const first = await run('forks.initrd', '--audit-fork', '100%', ...world.corpus('forks'))
  expect(first.stdout).toContain('1 passed')
  // Confirmed by boots from the power-on.
  expect(origins(first.events)).toEqual(['initrd', 'initrd', 'cold', 'cold'])
  expect(qemus()).toEqual([])
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
