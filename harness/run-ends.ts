// The first event of a run, and the one of a run that ends before its time.

import { hostname, release } from 'node:os'
import { codeOf, InfraError, messageOf, UsageError } from './errors.ts'
import type { EventBody } from './events.ts'
import { toolVersion } from './version.ts'

const INTERRUPTED_BY = 'interrupted by '

/** The first event of a run. */
export function runStarted({
  command,
  options,
  cell,
}: {
  readonly command: readonly string[]
  readonly options?: readonly string[] | undefined
  readonly cell?: string | undefined
}): EventBody {
  return {
    type: 'run.started',
    command,
    ...(options === undefined ? {} : { options }),
    tool: { name: 'signalbox', version: toolVersion },
    host: { name: hostname(), kernel: release(), node: process.version },
    ...(cell === undefined ? {} : { cell }),
  }
}

/** What is said of a run that ends before its time: somebody's wish, or a fault. */
export function runEnded(reason: unknown): Extract<EventBody, { type: 'run.interrupted' | 'run.aborted' }> {
  const message = messageOf(reason)
  if (codeOf(reason) === 'interrupted')
    return { type: 'run.interrupted', signal: message.slice(INTERRUPTED_BY.length) }
  const hint = reason instanceof InfraError || reason instanceof UsageError ? reason.hint : undefined
  const evidence = reason instanceof InfraError ? reason.evidence : undefined
  return {
    type: 'run.aborted',
    kind: reason instanceof UsageError ? 'usage' : reason instanceof InfraError ? 'infra' : 'harness',
    code: codeOf(reason) ?? 'unexpected-error',
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(evidence === undefined || evidence.length === 0 ? {} : { evidence }),
  }
}

/** The reason that a run's signal aborts with. */
export function interruption(signalName: string): InfraError {
  return new InfraError(`${INTERRUPTED_BY}${signalName}`, { code: 'interrupted' })
}
