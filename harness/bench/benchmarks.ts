// The benchmarks, in the order of the table.

import { burstBenchmarks } from './bursts.ts'
import { coldBootBenchmarks } from './cold-boots.ts'
import { commandBenchmarks } from './commands.ts'
import type { Benchmark } from './figure.ts'
import { forkBenchmarks } from './forks.ts'
import { scheduleCost, scheduleMakespan } from './schedule.ts'

export const benchmarks: readonly Benchmark[] = [
  ...coldBootBenchmarks,
  ...forkBenchmarks,
  ...burstBenchmarks,
  ...commandBenchmarks,
  scheduleMakespan,
  scheduleCost,
]
