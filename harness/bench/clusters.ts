// Clusters of warm machines: clones of machines that were saved together, on a private network.

import type { Benchmark } from './figure.ts'
import { answeredMs, firstFork, phaseStartMs } from './moments.ts'
import { benchCorpus, benchSignalbox } from './signalbox.ts'

// Room for a template of eight machines in memory, whatever the host's default is.
const env = { SIGNALBOX_TEMPLATE_MIB: '8000' }

const args = (size: string): readonly string[] => [
  'run',
  `cluster.${size}`,
  ...benchCorpus,
  '--boot-timeout',
  '1800',
]

/** From asking for the machines until each has looked up another one's name. */
async function upSeconds(size: string, machines: number): Promise<number> {
  const { events } = await benchSignalbox(args(size), { env })
  firstFork(events)
  return (answeredMs(events, machines) - phaseStartMs(events, 'acquire')) / 1000
}

/** Makes the templates. */
const warm =
  (...sizes: readonly string[]) =>
  async (): Promise<void> => {
    for (const size of sizes) await benchSignalbox(args(size), { env })
  }

export const clusterBenchmarks: readonly Benchmark[] = [
  {
    name: 'cluster-3',
    unit: 's',
    better: 'lower',
    n: 5,
    help: 'three warm machines of 1 GiB on a private network: from asking for them until each has looked up a name of another',
    asked: { atMost: 3 },
    prepare: warm('three'),
    sample: async () => await upSeconds('three', 3),
  },
  {
    name: 'cluster-8-ratio',
    unit: 'x',
    better: 'lower',
    n: 5,
    help: 'the same time for eight warm machines of 512 MiB and one processor over that for one such machine',
    asked: { atMost: 3 },
    prepare: warm('one', 'eight'),
    async sample(report) {
      const one = await upSeconds('one', 1)
      const eight = await upSeconds('eight', 8)
      report(`  ${one.toFixed(2)} s for one, ${eight.toFixed(2)} s for eight`)
      return eight / one
    },
  },
]
