// Many machines of one test at once: how long it takes until all answer, and what they hold in memory.

import { takeInventory } from '../../qemu/index.ts'
import type { Benchmark } from './figure.ts'
import { answeredMs, firstFork, phaseStartMs } from './moments.ts'
import { plainTemplate } from './plain-template.ts'
import { emulatorMemoryMiB, peakResidentMiB } from './process-memory.ts'
import { benchCorpus, benchSignalbox } from './signalbox.ts'

const MACHINES = 16

interface Burst {
  readonly seconds: number
  readonly memoryMiB: number
}

/** Runs whose memory was not asked for yet. */
const bursts: Burst[] = []

export const burstBenchmarks: readonly Benchmark[] = [
  {
    name: 'burst-16',
    unit: 's',
    better: 'lower',
    n: 3,
    help: 'one test with 16 machines of 1 GiB: from asking for them until each clone has answered a command',
    asked: { atMost: 10 },
    prepare: async () => void (await plainTemplate()),
    async sample(report) {
      const burst = await runBurst()
      bursts.push(burst)
      report(`  ${burst.memoryMiB.toFixed(0)} MiB`)
      return burst.seconds
    },
  },
  {
    name: 'burst-16-memory',
    unit: 'MiB',
    better: 'lower',
    n: 3,
    help: 'the same: peak of the anonymous memory of all 16 emulators, and the template that they share',
    asked: { atMost: 2560 },
    prepare: async () => void (await plainTemplate()),
    sample: async () => (bursts.shift() ?? (await runBurst())).memoryMiB,
  },
  {
    name: 'rss-8-machines',
    unit: 'MiB',
    better: 'lower',
    n: 1,
    help: 'peak resident memory of the harness process while it holds eight machines',
    async sample() {
      let peakMiB = 0
      await benchSignalbox(['run', 'bench.eight-machines', ...benchCorpus, '--boot-timeout', '1800'], {
        watch: async (pid) => void (peakMiB = Math.max(peakMiB, await peakResidentMiB(pid))),
      })
      return peakMiB
    },
  },
]

async function runBurst(): Promise<Burst> {
  let peakMiB = 0
  const { events } = await benchSignalbox(['run', 'burst.sixteen', ...benchCorpus], {
    watch: async (pid) => void (peakMiB = Math.max(peakMiB, await emulatorMemoryMiB(pid))),
  })
  const { template } = firstFork(events).facts
  const { templates } = await takeInventory()
  const templateMiB = (templates.find(({ id }) => id === template)?.bytes ?? 0) / 1024 / 1024
  return {
    seconds: (answeredMs(events, MACHINES) - phaseStartMs(events, 'acquire')) / 1000,
    memoryMiB: peakMiB + templateMiB,
  }
}
