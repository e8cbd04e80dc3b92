// Why the tests of a serial group that come after one cannot run on what it has left, pure; and what is recorded of them.

import { InfraError, messageOf } from '../errors.ts'
import type { AttemptRef, Emit, Isolation } from '../events.ts'
import { plainText } from '../hostile-text.ts'
import type { Failure, PlannedTest } from '../model.ts'
import type { RegisteredTest } from '../registry.ts'
import type { NextAttempt } from '../retry-policy.ts'
import type { AttemptResult, Ended } from './run-attempt.ts'

/** What becomes of the tests after it. */
export interface GroupEnd {
  /** `infra`: nobody can say anything about them; `skipped`: the image is to blame, by the test before. */
  readonly outcome: 'skipped' | 'infra'
  readonly reason: string
}

/** What a test has left. */
export interface Left {
  /** Why a machine is gone; undefined: all are there. */
  readonly gone: unknown
  /** The machines are kept for a person when the test was not green. */
  readonly kept: boolean
}

/** Undefined: the next test can run. */
export function endOfGroup(
  { name, serial }: Pick<RegisteredTest, 'name' | 'serial'>,
  { outcome, reached, failures }: Ended,
  { gone, kept }: Left,
): GroupEnd | undefined {
  const said = failures.find(({ kind }) => kind === 'infra') ?? failures[0]
  if (outcome === 'infra' || outcome === 'harness') {
    return { outcome: 'infra', reason: `not run: ${name} lost its machines: ${said?.message ?? outcome}` }
  }
  if (gone !== undefined) {
    const why = plainText(messageOf(gone))
    if (gone instanceof InfraError)
      return { outcome: 'infra', reason: `not run: a machine was lost in ${name}: ${why}` }
    const how = outcome === 'failed' ? 'failed before it and' : 'before it'
    return { outcome: 'skipped', reason: `${name} ${how} left no machine: ${why}` }
  }
  if (outcome !== 'failed') return undefined
  const before = `${name} failed before it`
  if (reached === 'acquire' || reached === 'ready')
    return { outcome: 'skipped', reason: `${before}: the machines did not become ready` }
  if (kept) return { outcome: 'skipped', reason: `${before}: its machines are kept as it left them` }
  if (serial?.stopAtFirstFailure === true) return { outcome: 'skipped', reason: before }
  // Its body may still be at work on the machine.
  if (failures.some(({ kind }) => kind === 'timeout'))
    return { outcome: 'skipped', reason: `${before}: it ran out of time and may still be at work` }
  return undefined
}

export interface LeftOut {
  readonly emit: Emit
  readonly ref: AttemptRef
  readonly plan: PlannedTest
  readonly group: string
  readonly audit: boolean
  readonly isolated: Isolation | undefined
  readonly origin: AttemptResult['origin']
  readonly next: (ended: Ended) => NextAttempt
}

/** Records the attempt of a test that the end of its group has left out: it has one as all others of the group have. */
export function leaveOut(options: LeftOut, { outcome, reason }: GroupEnd): AttemptResult {
  const { emit, ref, plan, group, audit, isolated, origin, next } = options
  const failure: Failure = {
    phase: 'acquire',
    kind: 'infra',
    code: 'serial-machines-lost',
    message: reason,
    location: plan.location,
  }
  const failures = outcome === 'infra' ? [failure] : []
  const ended: Ended = { outcome, reached: 'acquire', failures }
  emit({
    type: 'attempt.started',
    attempt: ref,
    group,
    ...(audit ? { audit: true } : {}),
    ...(isolated === undefined ? {} : { isolated }),
  })
  const follows = next(ended)
  emit({
    type: 'attempt.finished',
    attempt: ref,
    outcome,
    ...(outcome === 'skipped' ? { reason } : {}),
    failures,
    durationMs: 0,
    willRetry: follows !== 'none',
    ...(follows === 'alone' ? { retryAlone: true } : {}),
  })
  return {
    ...ended,
    ref,
    reason: outcome === 'skipped' ? reason : undefined,
    durationMs: 0,
    origin,
    privateMemoryMiB: undefined,
  }
}
