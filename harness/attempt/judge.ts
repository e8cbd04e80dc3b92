// The checks after a body: what the logs said that the test did not expect, units that failed, a reboot nobody asked
// for. Pure but for the one look at the machine.

import type { Failure } from '../model.ts'
import type { LiveMachine } from '../machines/live-machine.ts'
import type { Hit } from '../machines/watch.ts'
import { failedUnitsError } from '../machines/machine-trouble.ts'
import { keepsMachines } from '../plan/group.ts'
import type { RegisteredTest } from '../registry.ts'
import type { Requirements } from '../requirements.ts'
import { failureFrom } from '../running/failure.ts'

/** Whether a test has said that it does not mind this line. */
export function isExpected(
  hit: Hit,
  requirements: Pick<Requirements, 'leaveOutChecks' | 'expectedMessages'>,
  ofMachine: readonly string[] = [],
): boolean {
  return (
    ofMachine.includes(hit.code) ||
    (requirements.leaveOutChecks ?? []).includes(hit.source) ||
    (requirements.expectedMessages ?? []).includes(hit.code)
  )
}

/** Failures out of the lines that the logs showed during an attempt; one a code, with all its lines as evidence. */
export function judgeHits(
  { machine: { name: machine }, expectedMessages }: Pick<LiveMachine, 'machine' | 'expectedMessages'>,
  hits: readonly Hit[],
  { requirements, location }: Pick<RegisteredTest, 'requirements' | 'location'>,
): readonly Failure[] {
  const byCode = Map.groupBy(
    hits.filter((hit) => !isExpected(hit, requirements, expectedMessages)),
    (hit) => hit.code,
  )
  return [...byCode].map(([code, lines]): Failure => {
    const [first] = lines
    return {
      phase: 'checks',
      kind: 'check',
      code: `${first?.source ?? 'console'}.${code}`,
      message: `${machine}: ${first?.description ?? code}: ${first?.line.trim() ?? ''}`,
      machine,
      location,
      evidence: lines.slice(0, 20).map(({ source, line }) => `${source}: ${line}`),
    }
  })
}

/** How many failed units the journal had told of when systemd was last asked. */
const failuresWhenAsked = new WeakMap<LiveMachine, number>()

/**
 * Whether systemd need not be asked for failed units: the journal has told of none since it was. To ask costs an emulated guest
 * more than the small tests take that share a machine; the last of them asks in any case.
 */
export function isWellByJournal(
  live: LiveMachine,
  test: Pick<RegisteredTest, 'requirements' | 'serial'>,
): boolean {
  return (
    keepsMachines(test) && live.hasJournalChannel && failuresWhenAsked.get(live) === live.watch.unitFailures
  )
}

/** Failed units that tests of its serial group have left, and answer for: what one leaves is not taken from the next. */
const leftFailed = new WeakMap<LiveMachine, ReadonlySet<string>>()

/**
 * Looks at the machine once more: units that have failed since it was ready, in a serial group since the test before it
 * ended.
 */
export async function judgeMachine(
  live: LiveMachine,
  test: RegisteredTest,
  signal: AbortSignal,
): Promise<readonly Failure[]> {
  const { requirements, location, serial } = test
  const isLeftOut = (requirements.leaveOutChecks ?? []).includes('failed-units')
  if ((isLeftOut && serial === undefined) || !live.isReachable()) return []
  failuresWhenAsked.set(live, live.watch.unitFailures)
  const all = await live.failedUnits(signal)
  const left = leftFailed.get(live)
  if (serial !== undefined) leftFailed.set(live, new Set(all))
  const failed = all.filter((unit) => left?.has(unit) !== true)
  if (isLeftOut || failed.length === 0) return []
  const evidence = await live.failedUnitEvidence(failed, signal)
  // They are this test's failures, not those of the next one on the same machine.
  if (requirements.oneMachine === true)
    await live.machine.exec(['systemctl', 'reset-failed', ...failed], { sudo: true, signal })
  const { name } = live.machine
  return [
    {
      ...failureFrom(failedUnitsError(name, failed, evidence), 'checks', location),
      machine: name,
    },
  ]
}
