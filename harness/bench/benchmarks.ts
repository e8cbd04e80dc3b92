// The benchmarks, in the order of the table.

import { arm64Benchmarks } from './arm64.ts'
import { awsBenchmarks } from './aws.ts'
import { burstBenchmarks } from './bursts.ts'
import { clusterBenchmarks } from './clusters.ts'
import { coldBootBenchmarks } from './cold-boots.ts'
import { commandBenchmarks } from './commands.ts'
import { externalOverhead } from './external.ts'
import type { Benchmark } from './figure.ts'
import { forkBenchmarks } from './forks.ts'
import { gateDecision } from './gate.ts'
import { historyQuery } from './history.ts'
import { htmlBenchmarks } from './html-report.ts'
import { matrixSmoke } from './matrix.ts'
import { scheduleCost, scheduleMakespan } from './schedule.ts'
import { sshOverhead } from './ssh-overhead.ts'
import { updateRatio } from './updates.ts'
import { updateServerBenchmarks } from './update-server.ts'

export const benchmarks: readonly Benchmark[] = [
  ...coldBootBenchmarks,
  ...forkBenchmarks,
  ...arm64Benchmarks,
  ...burstBenchmarks,
  ...clusterBenchmarks,
  ...commandBenchmarks,
  externalOverhead,
  sshOverhead,
  matrixSmoke,
  updateRatio,
  ...updateServerBenchmarks,
  scheduleMakespan,
  scheduleCost,
  gateDecision,
  historyQuery,
  ...htmlBenchmarks,
  ...awsBenchmarks,
]
