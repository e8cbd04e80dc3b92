// What the harness adds to a cold boot.

import { bareBootMs } from './bare-boot.ts'
import type { Benchmark } from './figure.ts'
import { milestoneMs, phaseStartMs } from './moments.ts'
import { benchCorpus, benchSignalbox } from './signalbox.ts'

const coldRun = ['run', 'bench.trivial', ...benchCorpus, '--no-fork']

export const coldBootBenchmarks: readonly Benchmark[] = [
  {
    name: 'cold-boot-ratio',
    unit: 'x',
    better: 'lower',
    n: 3,
    help: 'one machine through the harness, QEMU start to first SSH command, over the same QEMU command by hand',
    async sample(report) {
      const { events } = await benchSignalbox(coldRun)
      const harnessMs = milestoneMs(events, 'ssh') - phaseStartMs(events, 'acquire')
      const bareMs = await bareBootMs()
      report(`  harness ${(harnessMs / 1000).toFixed(1)} s, bare ${(bareMs / 1000).toFixed(1)} s`)
      return harnessMs / bareMs
    },
  },
  {
    name: 'trivial-overhead',
    unit: 's',
    better: 'lower',
    n: 3,
    help: 'a cold run of one trivial test, process start to exit, without the time from QEMU start to systemd running',
    async sample() {
      const { events, wallMs } = await benchSignalbox(coldRun)
      return (wallMs - (milestoneMs(events, 'running') - phaseStartMs(events, 'acquire'))) / 1000
    },
  },
]
