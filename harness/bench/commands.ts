// Whole commands, process start to exit.

import type { Benchmark } from './figure.ts'
import { withoutTemplates } from './plain-template.ts'
import { benchSignalbox } from './signalbox.ts'

export const commandBenchmarks: readonly Benchmark[] = [
  {
    name: 'list',
    unit: 's',
    better: 'lower',
    n: 10,
    help: 'signalbox list, process start to exit',
    asked: { atMost: 0.2 },
    async sample() {
      return (await benchSignalbox(['list'], { writesEvents: false })).wallMs / 1000
    },
  },
  {
    name: 'smoke',
    unit: 's',
    better: 'lower',
    n: 1,
    help: 'the main job, process start to exit, with the image in the cache and no template',
    asked: { atMost: 120 },
    sample: async () =>
      await withoutTemplates(async (env) => (await benchSignalbox(['start'], { env })).wallMs / 1000),
  },
]
