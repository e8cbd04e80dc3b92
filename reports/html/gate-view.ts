// The gate's decision as the page shows it, on top of everything.

import type { Decision, Requirement } from '../gate/decision.ts'
import { shellLine } from '../gate/shell-line.ts'
import type { PageGate, PageRequirement } from './data.ts'
import { shownLine } from './shown-text.ts'

const MOST = 500

/** At most 500 requirements. */
export function gateView(decision: Decision): PageGate {
  const { images, counts, unsatisfied } = decision
  const image = images[0]
  return {
    channel: shownLine(decision.channel, 100),
    outcome: decision.decision,
    summary: shownLine(decision.summary, 1000),
    unsatisfied: unsatisfied.slice(0, MOST).map(requirementView),
    more: Math.max(0, unsatisfied.length - MOST),
    satisfied: counts.satisfied,
    facts: [
      ['required', String(counts.required)] as const,
      ['waived', String(counts.waived)] as const,
      ...(image === undefined
        ? []
        : [['image', shownLine(`${image.distro} ${image.version}`, 200)] as const]),
      ['decided', shownLine(decision.decidedAt, 40)] as const,
    ],
  }
}

function requirementView({
  kind,
  test,
  target,
  message,
  command,
  redBefore,
  rule,
}: Requirement): PageRequirement {
  const before = redBefore === undefined ? '' : redBefore ? ' (red before too)' : ' (newly red)'
  return {
    kind,
    rule: shownLine(rule, 100),
    ...(test === undefined ? {} : { test: shownLine(test, 300) }),
    ...(target === undefined ? {} : { target: shownLine(target, 200) }),
    message: `${shownLine(message, 500)}${before}`,
    ...(command === undefined ? {} : { command: shownLine(shellLine(command), 1000) }),
  }
}
