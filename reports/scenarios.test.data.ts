// Runs of every kind, for tests that take each format through all of them.

import type { SignalboxEvent } from '../harness/events.ts'
import { isolatedRun, knownRun, repeatedRun } from './flaky-events.test.data.ts'
import { forkedRun } from './forked-events.test.data.ts'
import { hostileRun, interruptedRun, killedRun, mixedRun } from './sample-events.test.data.ts'
import { subtestRun } from './subtest-events.test.data.ts'

export const scenarios: Readonly<Record<string, readonly SignalboxEvent[]>> = {
  mixed: mixedRun(),
  killed: killedRun(),
  interrupted: interruptedRun(),
  hostile: hostileRun(),
  forked: forkedRun(),
  repeated: repeatedRun(),
  isolated: isolatedRun(),
  known: knownRun(),
  subtests: subtestRun(),
  'two-targets': [
    ...mixedRun({ run: 'r1', target: 'qemu-arm64-uefi' }),
    ...mixedRun({ run: 'r2', target: 'aws-x86_64-uefi', startMs: 60_000 }),
  ],
  empty: [],
}
