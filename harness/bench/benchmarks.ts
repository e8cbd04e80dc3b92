// The benchmarks of the main job.

import { join } from 'node:path'
import type { EventBody, EventOf, SignalboxEvent } from '../events.ts'
import { bareBootMs } from './bare-boot.ts'
import type { Benchmark } from './figure.ts'
import { benchSignalbox } from './signalbox.ts'

const corpus = ['--tests', join(import.meta.dirname, 'corpus')]

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'cold-boot-ratio',
    unit: 'x',
    better: 'lower',
    n: 3,
    help: 'one machine through the harness, QEMU start to first SSH command, over the same QEMU command by hand',
    async sample(report) {
      const { events } = await benchSignalbox(['run', 'bench.trivial', ...corpus])
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
    help: 'a run of one trivial test, process start to exit, without the time from QEMU start to systemd running',
    async sample() {
      const { events, wallMs } = await benchSignalbox(['run', 'bench.trivial', ...corpus])
      return (wallMs - (milestoneMs(events, 'running') - phaseStartMs(events, 'acquire'))) / 1000
    },
  },
  {
    name: 'list',
    unit: 's',
    better: 'lower',
    n: 10,
    help: 'signalbox list, process start to exit',
    async sample() {
      return (await benchSignalbox(['list'], false)).wallMs / 1000
    },
  },
  {
    name: 'rss-8-machines',
    unit: 'MiB',
    better: 'lower',
    n: 1,
    help: 'peak resident memory of the harness process while it holds eight machines',
    async sample() {
      const { peakMiB } = await benchSignalbox([
        'run',
        'bench.eight-machines',
        ...corpus,
        '--boot-timeout',
        '1800',
      ])
      return peakMiB
    },
  },
  {
    name: 'smoke',
    unit: 's',
    better: 'lower',
    n: 1,
    help: 'the main job, process start to exit, with the image in the cache',
    async sample() {
      return (await benchSignalbox(['start'])).wallMs / 1000
    },
  },
]

function find<T extends EventBody['type']>(
  events: readonly SignalboxEvent[],
  type: T,
  fits: (event: EventOf<T>) => boolean,
): EventOf<T> {
  const found = events.find((event): event is EventOf<T> => event.type === type && fits(event as EventOf<T>))
  if (found === undefined) throw new Error(`the run has no fitting ${type} event`)
  return found
}

function milestoneMs(events: readonly SignalboxEvent[], milestone: string): number {
  return find(events, 'machine.milestone', (event) => event.milestone === milestone).ms
}

function phaseStartMs(events: readonly SignalboxEvent[], phase: string): number {
  return find(events, 'phase.started', (event) => event.phase === phase).ms
}
