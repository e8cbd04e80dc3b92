// The command line over runs of a small suite on fake machines, for the tests of the gate.

import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Decision } from '../../reports/gate/index.ts'
import { createCliWorld, type CliResult } from './cli.test.fixture.ts'

const corpus = join(import.meta.dirname, 'corpus', 'gate.test.corpus.ts')

export interface Decided extends CliResult {
  readonly decision: Decision | undefined
}

export interface GateWorld extends Disposable {
  readonly folder: string
  /** A path in its folder, which is the working directory of its commands. */
  readonly at: (...parts: readonly string[]) => string
  readonly signalbox: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<CliResult>
  /** Runs the suite on an image of its own for each version, into a folder of its own. */
  readonly runSuite: (
    name: string,
    version: string,
    seeded?: string,
    ...more: readonly string[]
  ) => Promise<CliResult>
  /** Writes a file and returns its name. */
  readonly write: (name: string, text: string) => string
  /** Decides for beta over folders of runs, separated by spaces. */
  readonly decide: (
    version: string,
    runs: string,
    policy: string,
    ...more: readonly string[]
  ) => Promise<Decided>
  /** The folder of the latest decision. */
  readonly latestDecision: () => string
}

/** Makes one. */
export function createGateWorld(): GateWorld {
  const world = createCliWorld()
  const at = (...parts: readonly string[]): string => join(world.folder, ...parts)
  const signalbox = async (
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<CliResult> => await world.signalbox(args, env, world.folder)
  return {
    folder: world.folder,
    at,
    signalbox,
    async runSuite(name, version, seeded = '', ...more) {
      const image = at(`${version}.raw`)
      writeFileSync(image, version.repeat(1000))
      const target = ['--platform', 'fake', '--image', image, '--distro', 'reference', '--tests', corpus]
      const identity = ['--channel', 'alpha', '--image-version', version]
      return await signalbox(['run', ...more, ...target, ...identity, '-o', at(name)], { SEEDED: seeded })
    },
    write(name, text) {
      writeFileSync(at(name), text)
      return name
    },
    async decide(version, runs, policy, ...more) {
      const args = ['gate', 'decide', '--channel', 'beta', '--image', version, '--policy', policy]
      const result = await signalbox([...args, '--runs', ...runs.split(' '), '--json', ...more])
      const decision = result.stdout === '' ? undefined : (JSON.parse(result.stdout) as Decision)
      return { ...result, decision }
    },
    latestDecision: () =>
      join('signalbox-decisions', readdirSync(at('signalbox-decisions')).toSorted().at(-1) ?? ''),
    [Symbol.dispose]: () => world[Symbol.dispose](),
  }
}

/** A policy for beta, with more of it, and how tests that are not about booting must pass. */
export const gatePolicy = (more = '', rule = 'first-attempt'): string => `version: 1
channel: beta
rules:
  - name: must always work
    tests: [boot]
    require: first-attempt
  - name: the rest
    require: ${rule}
    skipped: allow
${more}`

/** `failed boot.units`: what is not satisfied, in order. */
export function namedIn(decision: Decision | undefined): readonly string[] {
  return (decision?.unsatisfied ?? []).map(({ kind, test }) => `${kind} ${test ?? '-'}`)
}
