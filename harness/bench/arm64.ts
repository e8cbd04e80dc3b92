// The architecture that is not this host's: its image, a cold boot of it, and a clone.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildReferenceImage } from '../../qemu/image/index.ts'
import { coldRatio } from './cold-boots.ts'
import type { Benchmark } from './figure.ts'
import { firstFork, milestoneMs, phaseStartMs } from './moments.ts'
import { benchCorpus, benchSignalbox } from './signalbox.ts'

const run = ['run', 'bench.trivial', ...benchCorpus, '--arch', 'arm64']

export const arm64Benchmarks: readonly Benchmark[] = [
  {
    name: 'arm64-image-build',
    unit: 's',
    better: 'lower',
    n: 1,
    help: 'the arm64 reference image in an empty cache, packages and all',
    asked: { atMost: 900 },
    async sample() {
      const cache = await mkdtemp(join(tmpdir(), 'signalbox-image-'))
      try {
        const startedAt = performance.now()
        await buildReferenceImage({ architecture: 'arm64', cache })
        return (performance.now() - startedAt) / 1000
      } finally {
        await rm(cache, { recursive: true, force: true })
      }
    },
  },
  coldRatio('arm64-cold-ratio', 'arm64', { atMost: 1.25 }),
  {
    name: 'arm64-fork-to-ssh',
    unit: 's',
    better: 'lower',
    n: 10,
    help: 'an arm64 fork through the harness, from asking for the machine to the first SSH command on it',
    asked: { atMost: 2.5 },
    // The first run makes the template.
    prepare: async () => void (await benchSignalbox(run)),
    async sample() {
      const { events } = await benchSignalbox(run)
      return (milestoneMs(events, 'ssh', firstFork(events).machine) - phaseStartMs(events, 'acquire')) / 1000
    },
  },
]
