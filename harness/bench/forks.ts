// What forks are for: a fresh machine for a test in about a second, and tests by the dozen.

import type { SignalboxEvent } from '../events.ts'
import { bareForkMs } from './bare-fork.ts'
import type { Benchmark } from './figure.ts'
import { findEvent, firstFork, milestoneMs, phaseStartMs, planToEndMs } from './moments.ts'
import { plainTemplate, withoutTemplates } from './plain-template.ts'
import { benchCorpus, benchSignalbox } from './signalbox.ts'

const trivialRun = ['run', 'bench.trivial', ...benchCorpus]
const prepare = async (): Promise<void> => void (await plainTemplate())

const FORKED_TESTS = 50
const COLD_TESTS = ['01', '02', '03', '04']

/** Runs whose time to SSH was not asked for yet. */
const trivialRuns: (readonly SignalboxEvent[])[] = []
/** Of the plain machine's template. */
let folder = ''
/** Tests a minute, as last measured. */
let lastRate: number | undefined

export const forkBenchmarks: readonly Benchmark[] = [
  {
    name: 'trivial-run',
    unit: 's',
    better: 'lower',
    n: 10,
    help: 'a run of one trivial test whose template is there, process start to exit',
    asked: { atMost: 2.5 },
    prepare,
    async sample() {
      const { events, wallMs } = await benchSignalbox(trivialRun)
      trivialRuns.push(events)
      return wallMs / 1000
    },
  },
  {
    name: 'fork-to-ssh',
    unit: 's',
    better: 'lower',
    n: 10,
    help: 'a fork through the harness, from asking for the machine to the first SSH command on it',
    asked: { atMost: 1 },
    prepare,
    async sample() {
      const events = trivialRuns.shift() ?? (await benchSignalbox(trivialRun)).events
      return (milestoneMs(events, 'ssh', firstFork(events).machine) - phaseStartMs(events, 'acquire')) / 1000
    },
  },
  {
    name: 'bare-fork',
    unit: 's',
    better: 'lower',
    n: 10,
    help: 'the floor: the same template and QEMU command by hand, asked by the ssh program until it answers',
    prepare: async () => void ({ folder } = await plainTemplate()),
    sample: async () => (await bareForkMs(folder)) / 1000,
  },
  {
    name: 'trivial-rate',
    unit: 'tests/min',
    better: 'higher',
    n: 3,
    help: `${FORKED_TESTS} trivial tests, each on a fresh machine, from the plan to the last verdict`,
    asked: { atLeast: 45 },
    prepare,
    sample: async () => (lastRate = await forkedRate()),
  },
  {
    name: 'fork-vs-cold',
    unit: 'x',
    better: 'higher',
    n: 1,
    help: `that rate over the rate of ${COLD_TESTS.length} such tests that boot their machines`,
    asked: { atLeast: 20 },
    prepare,
    async sample(report) {
      const forked = lastRate ?? (await forkedRate())
      const names = COLD_TESTS.map((number) => `rate.trivial-${number}`)
      const { events } = await benchSignalbox(['run', ...names, ...benchCorpus, '--no-fork'])
      const cold = COLD_TESTS.length / (planToEndMs(events) / 60_000)
      report(`  ${forked.toFixed(1)} tests/min forked, ${cold.toFixed(2)} booted`)
      return forked / cold
    },
  },
  {
    name: 'template-save',
    unit: 's',
    better: 'lower',
    n: 3,
    help: 'what a template costs over the cold boot that it is made of: from the booted machine to the first clone',
    asked: { atMost: 1.5 },
    sample: async () => await templateSaveSeconds(),
  },
]

async function forkedRate(): Promise<number> {
  const { events } = await benchSignalbox(['run', 'rate', ...benchCorpus])
  return FORKED_TESTS / (planToEndMs(events) / 60_000)
}

async function templateSaveSeconds(): Promise<number> {
  return await withoutTemplates(async (env) => {
    const { events } = await benchSignalbox(trivialRun, { env })
    const seed = findEvent(events, 'machine.created', ({ name }) => name === 'template')
    return (firstFork(events).ms - milestoneMs(events, 'running', seed.machine)) / 1000
  })
}
