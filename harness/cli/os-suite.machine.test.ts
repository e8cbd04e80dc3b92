// The OS tests of the project on the reference image, by the command that users run; those of the system suite run with
// all others in suite.machine.test.ts.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { cacheFolder } from '../folders.ts'
import { createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld({ cache: cacheFolder() })
afterAll(() => world[Symbol.dispose]())

// Forked where they may be, as users run them; some are booted as well, and the two must agree.
it('all OS tests pass on the reference image', { timeout: 45 * 60_000 }, async () => {
  const { exitCode, stdout, stderr } = await world.signalbox([
    'run',
    '--tag',
    '!system',
    '--audit-fork',
    '5%',
  ])
  // The whole report, so that a failure in CI can be read there.
  process.stdout.write(stdout)
  expect(stderr).toBe('')
  const { verdicts } = JSON.parse(readFileSync(join(world.output, 'latest', 'run.json'), 'utf8')) as {
    readonly verdicts: Readonly<Record<string, number>>
  }
  expect(verdicts).toMatchObject({ failed: 0, infra: 0, missing: 0 })
  expect(verdicts['passed']).toBeGreaterThan(50)
  expect(exitCode).toBe(0)
})
