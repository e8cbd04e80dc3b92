// A decision over some runs, in a form that tests compare.

import { gateRun, type RecordOptions, viewOf } from '../gate.test.data.ts'
import type { DecisionView } from '../view.ts'
import { decide } from './decide.ts'

/** A policy of one rule. */
export const policy = (rule = 'require: first-attempt', more = ''): string => `version: 1
channel: beta
rules:
  - name: all
    ${rule}
${more}`

/** Decides, and names what is not satisfied. */
export function decided(text: string, runs: readonly RecordOptions[], more: Partial<DecisionView> = {}) {
  const decision = decide(viewOf(text, runs.map(gateRun), more))
  return {
    decision,
    ruling: decision.decision,
    named: decision.unsatisfied.map(
      ({ kind, effect, test, target }) => `${effect} ${kind} ${test ?? '-'} ${target ?? '-'}`,
    ),
    notes: decision.notes.map(({ code }) => code),
    commands: decision.commands.map((command) => command.join(' ')),
  }
}
