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
  /** A run of 1.0.0 that passes, one of 2.0.0 with a regression in boot.units, a key and a policy for beta. */
  readonly prepare: () => Promise<void>
  /** The folder of the latest decision. */
  readonly latestDecision: () => string
}

/** Throws when a command of the preparation ends as it must not. */
function requireExit({ exitCode, stderr }: CliResult, wanted: number): void {
  if (exitCode !== wanted) throw new Error(`exit code ${exitCode}, not ${wanted}: ${stderr}`)
}

/** Makes one. */
export function createGateWorld(): GateWorld {
  const world = createCliWorld()
  const at = (...parts: readonly string[]): string => join(world.folder, ...parts)
  const signalbox = async (
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<CliResult> => await world.signalbox(args, env, world.folder)
  const made: GateWorld = {
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
    async prepare() {
      requireExit(await made.runSuite('good', '1.0.0'), 0)
      requireExit(await made.runSuite('bad', '2.0.0', 'unit'), 1)
      requireExit(await signalbox(['gate', 'keygen', 'ci']), 0)
      made.write('beta.yaml', gatePolicy())
    },
    latestDecision: () =>
      join('signalbox-decisions', readdirSync(at('signalbox-decisions')).toSorted().at(-1) ?? ''),
    [Symbol.dispose]: () => world[Symbol.dispose](),
  }
  return made
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
