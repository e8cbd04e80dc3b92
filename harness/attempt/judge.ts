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

/** Failed units that an earlier test on the machine has left, and answers for: they are not taken from the next. */
const leftFailed = new WeakMap<LiveMachine, ReadonlySet<string>>()

/**
 * Looks at the machine once more: units that have failed since it was ready, where it has had tests before since the last of
 * them ended.
 */
export async function judgeMachine(
  live: LiveMachine,
  test: RegisteredTest,
  signal: AbortSignal,
): Promise<readonly Failure[]> {
  const { requirements, location } = test
  const isLeftOut = (requirements.leaveOutChecks ?? []).includes('failed-units')
  const keeps = keepsMachines(test)
  if ((isLeftOut && !keeps) || !live.isReachable()) return []
  const all = await live.failedUnits(signal)
  const left = leftFailed.get(live)
  if (keeps) leftFailed.set(live, new Set(all))
  const failed = all.filter((unit) => left?.has(unit) !== true)
  if (failed.length === 0) return []
  const evidence = isLeftOut ? [] : await live.failedUnitEvidence(failed, signal)
  // What one of them broke, another may break again, and answers for it then. In a serial group the next may want to see it.
  if (requirements.oneMachine === true) {
    const reset = ['systemctl', 'reset-failed', '--', ...failed]
    const { exitCode } = await live.machine.exec(reset, { sudo: true, signal })
    if (exitCode === 0) leftFailed.set(live, new Set(all).difference(new Set(failed)))
  }
  if (isLeftOut) return []
  const { name } = live.machine
  return [
    {
      ...failureFrom(failedUnitsError(name, failed, evidence), 'checks', location),
      machine: name,
    },
  ]
}
