// Updates on real machines, through the command line: the promise in one command, and the OS tests of tests/update.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { buildReferenceImage } from '../../qemu/image/index.ts'
import type { SignalboxEvent } from '../events.ts'
import { cacheFolder } from '../folders.ts'
import { createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld({ cache: cacheFolder() })
afterAll(() => world[Symbol.dispose]())
await buildReferenceImage()

function eventsOfLatest(): readonly SignalboxEvent[] {
  return readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SignalboxEvent)
}

it('updates the reference image to its next version and back, with a timeline', async () => {
  const { exitCode, stdout } = await world.signalbox(['update-test'])
  expect(exitCode, stdout).toBe(0)
  const timeline = stdout.slice(stdout.indexOf('Timeline')).split('\n').slice(1)
  const parts = timeline
    .map((line) => /^ {2}(\S.*?) {2,}[\d.]+/.exec(line)?.[1])
    .filter((part) => part !== undefined)
  expect(parts).toEqual(['offer', 'download and write', 'reboot', 'health', 'good', 'roll back', 'together'])
  expect(stdout).toMatch(/download and write .* MiB, [\d.]+ MiB\/s/)
  const requests = eventsOfLatest().filter((event) => event.type === 'update.request')
  expect(requests.map(({ path }) => path)).toContainEqual(expect.stringMatching(/\.usr\.raw$/))
})
