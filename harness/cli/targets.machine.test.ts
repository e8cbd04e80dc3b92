// Two cells of a matrix on real machines, as one run: booted directly and by firmware.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { EventOf, SignalboxEvent } from '../events.ts'
import { cacheFolder } from '../folders.ts'
import { createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld({ cache: cacheFolder() })
afterAll(() => world[Symbol.dispose]())

it(
  'one run is of both, and its report has a verdict of each for each',
  { timeout: 20 * 60_000 },
  async () => {
    const project = join(world.folder, 'project')
    mkdirSync(project)
    const matrix = {
      firmware: ['direct', 'uefi', 'bios'],
      include: [{ firmware: 'direct', memoryMiB: 768 }],
    }
    writeFileSync(join(project, 'signalbox.config.json'), JSON.stringify({ jobs: 1, matrix }))
    const chosen = ['--target', 'qemu-*', '!*-bios']
    const tests = ['boot.blessed', 'boot.memory', 'users.core']
    const { exitCode, stdout } = await world.signalbox(['run', ...tests, ...chosen], {}, project)
    expect(exitCode, stdout).toBe(0)
    expect(stdout).toMatch(/^ {2}5 passed · 1 skipped$/m)
    const text = readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8').trimEnd()
    const events = text.split('\n').map((line) => JSON.parse(line) as SignalboxEvent)
    const planned = events.filter((event): event is EventOf<'run.planned'> => event.type === 'run.planned')
    expect(planned.map(({ target }) => `${target.name} ${target.firmware}`).toSorted()).toEqual([
      'qemu-direct direct',
      'qemu-uefi uefi',
    ])
    const skipped = planned.flatMap(({ target, tests: all }) =>
      all.flatMap(({ test, expectation }) =>
        expectation.kind === 'run' ? [] : [`${target.name} ${test}: ${expectation.reason}`],
      ),
    )
    expect(skipped).toEqual([
      'qemu-direct boot.blessed: needs firmware uefi or uefi-secure; this target has direct',
    ])
  },
)
