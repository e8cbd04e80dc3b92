// What is wrong with a policy: where, what was expected, what to do. All of them are found, not only the first.

import { UsageError } from '../../harness/errors.ts'

export interface PolicyProblem {
  /** Stable: `unknown-key`, `wrong-value`, `unreachable-rule`, `matches-nothing`, ... */
  readonly code: string
  readonly line: number
  readonly column: number
  readonly message: string
  readonly hint?: string
}

/** `beta.yaml:12:5: unknown key "requires"`. */
export function problemText(file: string, { line, column, message }: PolicyProblem): string {
  return `${file}:${line}:${column}: ${message}`
}

/** Throws the first as a UsageError, if there is one. */
export function refuseProblems(file: string, problems: readonly PolicyProblem[]): void {
  const [first, ...others] = problems
  if (first === undefined) return
  const more = others.length === 0 ? [] : [`${others.length} more: signalbox gate lint ${file}`]
  const hint = [...(first.hint === undefined ? [] : [first.hint]), ...more].join('; ')
  throw new UsageError(problemText(file, first), {
    code: `policy-${first.code}`,
    ...(hint === '' ? {} : { hint }),
  })
}
