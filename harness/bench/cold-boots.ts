// What the harness adds to a cold boot.

import { bareBootMs } from './bare-boot.ts'
import type { Architecture } from '../model.ts'
import type { Benchmark } from './figure.ts'
import { milestoneMs, phaseStartMs } from './moments.ts'
import { benchCorpus, benchSignalbox } from './signalbox.ts'

const coldRun = ['run', 'bench.trivial', ...benchCorpus, '--no-fork']

/** A cold boot through the harness, over the same by hand. */
export function coldRatio(name: string, architecture: Architecture, asked?: Benchmark['asked']): Benchmark {
  return {
    name,
    unit: 'x',
    better: 'lower',
    n: 3,
    help: `one ${architecture} machine through the harness, QEMU start to first SSH command, over the same QEMU command by hand`,
    ...(asked === undefined ? {} : { asked }),
    async sample(report) {
      const { events } = await benchSignalbox([...coldRun, '--arch', architecture])
      const harnessMs = milestoneMs(events, 'ssh') - phaseStartMs(events, 'acquire')
      const bareMs = await bareBootMs(architecture)
      report(`  harness ${(harnessMs / 1000).toFixed(1)} s, bare ${(bareMs / 1000).toFixed(1)} s`)
      return harnessMs / bareMs
    },
  }
}

/** A first boot that begins in the initrd, over one from the power-on, in one run. */
function initrdRatio(firmware: 'direct' | 'uefi'): Benchmark {
  const run = ['run', 'bench.first-boot', ...benchCorpus, '--firmware', firmware, '--audit-fork', '0']
  const readyMs = async (...more: readonly string[]): Promise<number> => {
    const { events } = await benchSignalbox([...run, ...more])
    return milestoneMs(events, 'ssh') - phaseStartMs(events, 'acquire')
  }
  return {
    name: `initrd-ratio-${firmware}`,
    unit: 'x',
    better: 'lower',
    n: 3,
    help: `a machine of a first boot (${firmware}) that begins in its initrd, from asking for it to the first SSH command, over one from the power-on`,
    // The first one makes what the others begin from.
    prepare: async () => void (await benchSignalbox(run)),
    async sample(report) {
      const initrdMs = await readyMs()
      const wholeMs = await readyMs('--no-fork')
      report(`  in the initrd ${(initrdMs / 1000).toFixed(1)} s, whole ${(wholeMs / 1000).toFixed(1)} s`)
      return initrdMs / wholeMs
    },
  }
}

export const coldBootBenchmarks: readonly Benchmark[] = [
  coldRatio('cold-boot-ratio', 'x86_64'),
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
  initrdRatio('direct'),
  initrdRatio('uefi'),
]
