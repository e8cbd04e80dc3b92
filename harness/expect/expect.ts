// `expect`: retried matchers for machines, Jest's own `expect` for plain values, soft assertions, polling.

import { createRequire } from 'node:module'
import type { Matchers } from 'expect'
import { asStep, currentAttempt } from '../running/context.ts'
import { failureFrom } from '../running/failure.ts'
import { messageOf } from '../errors.ts'
import type { Machine } from '../fixtures/fixtures.ts'
import { plainText } from '../hostile-text.ts'
import { isMachine } from '../fixtures/brand.ts'
import { isUpdateServer, type UpdateServer } from '../update-server/index.ts'
import { ExpectError } from '../expect-error.ts'
import { machineMatchers } from './machine-matchers.ts'
import { snapshotMatchers } from './snapshot-matchers.ts'
import { retryUntilPass, type RetriedMatcher } from './retry.ts'
import { updateServerMatchers } from './update-server-matchers.ts'

const allMachineMatchers = { ...machineMatchers, ...snapshotMatchers } as const

type Rest<S, F> = F extends (subject: S, ...rest: infer R) => RetriedMatcher ? R : never
type Retried<S, M> = { readonly [Name in keyof M]: (...args: Rest<S, M[Name]>) => Promise<void> }

/** Matchers of a machine; each returns a promise that must be awaited. */
export type MachineExpect = Retried<Machine, typeof allMachineMatchers> & { readonly not: MachineExpect }

/** Matchers of the update server; each returns a promise that must be awaited. */
export type UpdateServerExpect = Retried<UpdateServer, typeof updateServerMatchers> & {
  readonly not: UpdateServerExpect
}

/** Matchers of a plain value: Jest's. */
export type ValueExpect<T> = Matchers<void, T> & {
  readonly not: Matchers<void, T>
  readonly resolves: PollExpect<T>
  readonly rejects: PollExpect<T>
}

/** The same matchers, asked again until they hold. */
export type PollExpect<T> = Matchers<Promise<void>, T> & { readonly not: Matchers<Promise<void>, T> }

export interface Expect {
  (subject: Machine): MachineExpect
  (subject: UpdateServer): UpdateServerExpect
  <T>(subject: T): ValueExpect<T>
  /** As `expect`, but the test goes on after a failure and fails at its end. */
  readonly soft: {
    (subject: Machine): MachineExpect
    (subject: UpdateServer): UpdateServerExpect
    <T>(subject: T): ValueExpect<T>
  }
  /** Jest's asymmetric matchers, for use inside `toEqual` and the like. */
  readonly any: (constructor: unknown) => unknown
  readonly anything: () => unknown
  readonly arrayContaining: (items: readonly unknown[]) => unknown
  readonly objectContaining: (part: Readonly<Record<string, unknown>>) => unknown
  readonly stringContaining: (part: string) => unknown
  readonly stringMatching: (pattern: string | RegExp) => unknown
  /** Asks `read` again and again until the matcher holds; `timeoutMs` defaults to 5000. */
  poll<T>(read: () => Promise<T> | T, options?: { readonly timeoutMs?: number }): PollExpect<T>
}

const DEFAULT_TIMEOUT_MS = 5000
const require = createRequire(import.meta.url)
// Loaded when the first value is checked: listing tests must not pay for it.
const jest = (): typeof import('expect').expect => (require('expect') as typeof import('expect')).expect

type Guard = (matcher: string, work: () => unknown) => unknown

const hard: Guard = (_matcher, work) => work()

const soft: Guard = (matcher, work) => {
  const keep = (error: unknown): void => {
    const context = currentAttempt()
    if (context === undefined) throw error
    context.failures.push({
      ...failureFrom(error, context.phase, context.plan.location),
      soft: true,
      code: `expect.${matcher}`,
    })
  }
  try {
    const result = work()
    return result instanceof Promise ? result.catch(keep) : result
  } catch (error) {
    keep(error)
    return undefined
  }
}

interface RetriedSubject<S> {
  readonly subject: S
  /** As it is called in failures. */
  readonly name: string
  readonly slowness: number
  readonly matchers: Readonly<Record<string, unknown>>
}

function expectRetried<S>(retried: RetriedSubject<S>, guard: Guard, negated: boolean): unknown {
  const { subject, slowness, matchers } = retried
  const check = async (name: string, matcher: RetriedMatcher): Promise<void> => {
    const expected = `${retried.name}: ${matcher.expected}`
    await asStep('expect', `${negated ? 'not ' : ''}${expected}`, async () => {
      await matcher.before?.(negated)
      try {
        await retryUntilPass({
          matcher: name,
          expected: negated ? `not ${expected}` : expected,
          timeoutMs: (matcher.options.timeoutMs ?? DEFAULT_TIMEOUT_MS) * slowness,
          signal: currentAttempt()?.signal,
          ...(matcher.seenIsShort === undefined ? {} : { seenIsShort: matcher.seenIsShort }),
          probe: async () => {
            const { pass, seen } = await matcher.probe()
            return { pass: pass !== negated, seen }
          },
        })
      } catch (error) {
        if (error instanceof ExpectError) await matcher.after?.()
        throw error
      }
    })
  }
  const methods = Object.entries(matchers).map(([name, build]) => {
    const matcherOf = build as (subject: S, ...rest: readonly unknown[]) => RetriedMatcher
    return [
      name,
      (...args: unknown[]) => guard(name, async () => await check(name, matcherOf(subject, ...args))),
    ] as const
  })
  return Object.defineProperty(Object.fromEntries(methods), 'not', {
    get: () => expectRetried(retried, guard, !negated),
  })
}

function retriedSubject(subject: unknown): RetriedSubject<unknown> | undefined {
  if (isMachine(subject)) {
    const { name, slowness } = subject
    return { subject, name, slowness, matchers: allMachineMatchers }
  }
  if (!isUpdateServer(subject)) return undefined
  return { subject, name: 'update server', slowness: subject.slowness, matchers: updateServerMatchers }
}

// Jest's matchers behind a proxy, so that every failure is an ExpectError without terminal colours.
function expectValue(read: () => unknown, call: (name: string, run: () => unknown) => unknown): unknown {
  const wrap = (path: readonly string[]): unknown =>
    new Proxy(() => undefined, {
      get: (_target, key) => (typeof key === 'string' ? wrap([...path, key]) : undefined),
      apply: (_target, _self, args: readonly unknown[]) => {
        const name = path.at(-1) ?? 'expect'
        return call(name, () => {
          let node: unknown = jest()(read())
          for (const key of path) node = (node as Record<string, unknown>)[key]
          const fail = (error: unknown): never => {
            throw new ExpectError(name, withoutSignature(plainText(messageOf(error))), error)
          }
          try {
            const result = (node as (...rest: readonly unknown[]) => unknown)(...args)
            return result instanceof Promise ? result.catch(fail) : result
          } catch (error) {
            return fail(error)
          }
        })
      },
    })
  return wrap([])
}

// Jest begins with `expect(received).toBe(expected) // ...`; what was expected and received says more in a first line.
function withoutSignature(message: string): string {
  const body = message.replace(/^expect\(.*\n+/, '').trim()
  return body === '' ? message : body
}

async function pollValue(
  read: () => unknown,
  timeoutMs: number,
  name: string,
  check: (value: unknown) => unknown,
): Promise<void> {
  await retryUntilPass({
    matcher: name,
    expected: `the polled value to satisfy ${name}`,
    timeoutMs,
    signal: currentAttempt()?.signal,
    probe: async () => {
      const value = await read()
      try {
        await check(value)
        return { pass: true, seen: '' }
      } catch (error) {
        return { pass: false, seen: withoutSignature(plainText(messageOf(error))) }
      }
    },
  })
}

function make(guard: Guard): (subject: unknown) => unknown {
  return (subject) => {
    const retried = retriedSubject(subject)
    if (retried !== undefined) return expectRetried(retried, guard, false)
    return expectValue(
      () => subject,
      (name, run) => guard(name, run),
    )
  }
}

function poll(read: () => unknown, options: { readonly timeoutMs?: number } = {}): unknown {
  let current: unknown
  return expectValue(
    () => current,
    async (name, run) => {
      await pollValue(read, options.timeoutMs ?? DEFAULT_TIMEOUT_MS, name, (value) => {
        current = value
        return run()
      })
    },
  )
}

const asymmetric = {
  any: (constructor: unknown) => jest().any(constructor),
  anything: () => jest().anything(),
  arrayContaining: (items: readonly unknown[]) => jest().arrayContaining([...items]),
  objectContaining: (part: Readonly<Record<string, unknown>>) => jest().objectContaining(part),
  stringContaining: (part: string) => jest().stringContaining(part),
  stringMatching: (pattern: string | RegExp) => jest().stringMatching(pattern),
}

export const expect: Expect = Object.assign(make(hard), { soft: make(soft), poll, ...asymmetric }) as Expect
