// Which tests share one cold boot, pure: tests that declare `exclusive: false`, ask for the same machine and whose
// Ignition configs do not conflict. Verdicts stay separate.

import { groupCompatible, type IgnitionConfig } from '../ignition/index.ts'
import type { RegisteredTest } from '../registry.ts'

/** Tests that run one after the other on the same machines; most jobs hold one test. */
export interface Job {
  /** Stable within a plan: the name of its first test, or `shared-<n>`. */
  readonly id: string
  readonly tests: readonly RegisteredTest[]
  readonly shared: boolean
}

/** A test with its config read, or undefined when it has none or makes it when the attempt starts. */
export interface GroupCandidate {
  readonly test: RegisteredTest
  readonly config: IgnitionConfig | undefined
}

const emptyConfig: IgnitionConfig = {
  text: '{"ignition":{"version":"3.0.0"}}',
  version: '3.0.0',
  value: { ignition: { version: '3.0.0' } },
}

/** Forms jobs out of tests, in the order given. */
export function formJobs(candidates: readonly GroupCandidate[]): readonly Job[] {
  const alone: Job[] = []
  const bySpec = new Map<string, GroupCandidate[]>()
  for (const candidate of candidates) {
    const { test } = candidate
    if (!mayShare(test)) {
      alone.push({ id: test.name, tests: [test], shared: false })
      continue
    }
    const key = machineKey(test)
    bySpec.set(key, [...(bySpec.get(key) ?? []), candidate])
  }
  const shared: Job[] = []
  for (const members of bySpec.values()) {
    const groups = groupCompatible(members.map(({ config }) => config ?? emptyConfig))
    for (const indices of groups) {
      const tests = indices.flatMap((index) => members[index]?.test ?? [])
      const [first] = tests
      if (first === undefined) continue
      if (tests.length === 1) alone.push({ id: first.name, tests, shared: false })
      else shared.push({ id: `shared-${shared.length + 1}`, tests, shared: true })
    }
  }
  return [...shared, ...alone]
}

function mayShare(test: RegisteredTest): boolean {
  const { exclusive = true, machines = 1, ignition } = test.requirements
  return !exclusive && machines === 1 && typeof ignition !== 'function'
}

/** Tests share a machine only when they ask for exactly the same one and the same judgement of its boot. */
function machineKey(test: RegisteredTest): string {
  const { memoryMiB, cpus, disks, primaryDiskMiB, tpm } = test.requirements
  return JSON.stringify([memoryMiB, cpus, disks, primaryDiskMiB, tpm])
}
