// What a policy says against itself, found without any plan: rules that never count, names that nobody has, numbers that
// cannot be met.

import { didYouMean } from '../../harness/nearest.ts'
import type { Policy, Selector } from './policy.ts'
import type { Path, PolicyDocument } from './policy-document.ts'
import type { PolicyProblem } from './problem.ts'
import { matchesTarget, matchesTest, splitPatterns } from './selector.ts'

type Say = (path: Path, code: string, message: string, hint?: string) => void

/** All problems, in the order of the file. */
export function checkSense(policy: Policy, document: PolicyDocument): readonly PolicyProblem[] {
  const problems: PolicyProblem[] = []
  const say: Say = (path, code, message, hint) =>
    void problems.push({
      code,
      ...document.placeOf(path),
      message,
      ...(hint === undefined ? {} : { hint }),
    })
  checkGlobs(policy, say)
  checkNames(policy, say)
  checkNumbers(policy, say)
  checkSigners(policy, say)
  // What is no glob covers nothing.
  if (problems.length === 0) checkReach(policy, say)
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
}

function checkGlobs({ rules, metrics }: Policy, say: Say): void {
  for (const [list, selectors] of [
    ['rules', rules],
    ['metrics', metrics],
  ] as const)
    for (const [index, { tests, targets }] of selectors.entries())
      for (const [part, patterns, compile] of [
        ['tests', tests, matchesTest],
        ['targets', targets, matchesTarget],
      ] as const)
        for (const [at, pattern] of patterns.entries()) {
          try {
            compile(pattern.replace(/^!/, ''))
          } catch {
            say([list, index, part, at], 'bad-glob', `"${pattern}" is no valid glob`)
          }
        }
}

/** Requirements are named by their rules, so a name is there once. */
function checkNames({ rules, metrics, attestations }: Policy, say: Say): void {
  const seen = new Set<string>()
  for (const [list, named] of Object.entries({ rules, metrics, attestations }))
    for (const [index, { name }] of named.entries()) {
      if (seen.has(name))
        say([list, index, 'name'], 'duplicate-name', `the name "${name}" is there twice`, 'name them apart')
      seen.add(name)
    }
}

function checkNumbers({ rules, approvals, metrics }: Policy, say: Say): void {
  for (const [index, { require, flakes }] of rules.entries()) {
    if (require.kind === 'some' && require.passes > require.of)
      say(
        ['rules', index, 'require'],
        'impossible',
        `${require.passes} of ${require.of} attempts can never pass`,
      )
    if (flakes === undefined) continue
    if (flakes.confidence >= 1 || flakes.confidence < 0.5)
      say(
        ['rules', index, 'flakes', 'confidence'],
        'impossible',
        'expected a confidence from 50% to below 100%',
      )
    if (flakes.atMost <= 0)
      say(
        ['rules', index, 'flakes', 'atMost'],
        'impossible',
        'no history proves that a test never flakes: a budget must be above 0%',
        'first-attempt asks that it did not flake now',
      )
  }
  for (const [index, { atMost, atLeast }] of metrics.entries())
    if (atMost !== undefined && atLeast !== undefined && atMost < atLeast)
      say(['metrics', index, 'atMost'], 'impossible', 'nothing is at most this and at least more')
  if (approvals !== undefined && approvals.atLeast > new Set(approvals.from).size)
    say(
      ['approvals', 'atLeast'],
      'impossible',
      `only ${new Set(approvals.from).size} may approve, so ${approvals.atLeast} never will`,
    )
}

function checkSigners({ approvals, waivers, attestations, signers }: Policy, say: Say): void {
  const known = Object.keys(signers)
  const uses: readonly (readonly [Path, readonly string[]])[] = [
    [['approvals', 'from'], approvals?.from ?? []],
    [['waivers', 'from'], waivers?.from ?? []],
    ...attestations.map(
      ({ signedBy }, index) => [['attestations', index, 'signedBy'] as Path, signedBy] as const,
    ),
  ]
  for (const [path, names] of uses)
    for (const [index, name] of names.entries())
      if (!known.includes(name))
        say(
          [...path, index],
          'unknown-signer',
          `signers has no "${name}"`,
          known.length === 0 ? 'add it to signers with a public key' : didYouMean(name, known),
        )
  if (waivers !== undefined && new Set(waivers.from).size < 2)
    say(
      ['waivers', 'from'],
      'impossible',
      'a waiver needs a second approver, so two must be named',
      'name another, or leave waivers out: then none counts',
    )
}

/** A rule below one that is about everything it is about never counts. */
function checkReach({ rules }: Policy, say: Say): void {
  for (const [index, rule] of rules.entries()) {
    const above = rules.slice(0, index).find((other) => covers(other, rule))
    if (above !== undefined)
      say(
        ['rules', index, 'name'],
        'unreachable-rule',
        `the rule "${rule.name}" is never reached: "${above.name}" above it is about all of its cells`,
        'put it higher, or remove it',
      )
  }
}

/** Whether it can be seen without a plan that every cell of `inner` is one of `outer`. */
function covers(outer: Selector, inner: Selector): boolean {
  return (
    coversPatterns(outer.tests, inner.tests, matchesTest) &&
    coversPatterns(outer.targets, inner.targets, matchesTarget) &&
    coversPatterns(outer.tags, inner.tags, (tag) => (other) => other === tag)
  )
}

function coversPatterns(
  outer: readonly string[],
  inner: readonly string[],
  compile: (pattern: string) => (name: string) => boolean,
): boolean {
  const [all, part] = [splitPatterns(outer), splitPatterns(inner)]
  if (!all.excluded.every((pattern) => part.excluded.includes(pattern))) return false
  if (all.included.length === 0 || all.included.includes('*')) return true
  if (part.included.length === 0) return false
  return part.included.every((pattern) =>
    all.included.some((other) => other === pattern || (isPlain(pattern) && compile(other)(pattern))),
  )
}

function isPlain(pattern: string): boolean {
  return !/[*?[\]{}()]/.test(pattern)
}
