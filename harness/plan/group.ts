// Which tests share one cold boot, pure: tests that declare `exclusive: false`, ask for the same machine and whose
// Ignition configs do not conflict; and those of a serial group, which share it in any case. Verdicts stay separate.

import { groupCompatible, type IgnitionConfig } from '../ignition/index.ts'
import type { RegisteredTest } from '../registry.ts'
import { bootRequirements } from '../serial-group.ts'

/** Tests that begin with the same boot; most jobs hold one test. */
export interface Job {
  /** Stable within a plan: the name of its first test, `shared-<n>`, `template-<n>`, or the name of a serial group. */
  readonly id: string
  readonly tests: readonly RegisteredTest[]
  /** The tests may run one after the other on the same machine. */
  readonly shared: boolean
  /** Each test gets clones of the machines that the first one boots, where the platform has them. */
  readonly forks: boolean
  /** Machines that are booted may begin in the initrd, where the platform has that. */
  readonly initrd: boolean
  /** Whose configs are merged for the boot: those of the job's tests, and of tests that have left the job. */
  readonly sources: readonly RegisteredTest[]
}

export interface GroupOptions {
  /** Whether machines are forked. */
  readonly forks: boolean
  /** Tests that are always booted, although they do not say so themselves. */
  readonly coldOnly?: ReadonlySet<string>
  /** False gives every test machines of its own. Default true. */
  readonly share?: boolean
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

/** Forms jobs out of tests, in the order given: those that share a boot first. */
export function formJobs(candidates: readonly GroupCandidate[], options: GroupOptions): readonly Job[] {
  const { share = true } = options
  const shares = ({ test }: GroupCandidate): boolean => share && mayShare(test)
  const isForked = ({ test }: GroupCandidate): boolean => whyBooted(test, options) === undefined
  const serial = serialJobs(candidates, isForked, (test) => mayBeginInInitrd(test, options))
  const apart = candidates.filter(({ test }) => test.serial === undefined)
  const numbered = (prefix: string, jobs: readonly Omit<Job, 'id'>[]): readonly Job[] => {
    let count = 0
    return jobs.map((job) => ({
      ...job,
      id: job.tests.length > 1 ? `${prefix}-${(count += 1)}` : (job.tests[0]?.name ?? prefix),
    }))
  }
  const shared = [false, true].flatMap((fork) => {
    const members = apart.filter((each) => shares(each) && isForked(each) === fork)
    return mergeable(members).map((tests) => ({
      tests,
      sources: tests,
      shared: tests.length > 1,
      forks: fork,
      initrd: false,
    }))
  })
  const exclusive = apart.filter((each) => !shares(each))
  const alone = exclusive
    .filter((each) => !isForked(each))
    .map(({ test }) => ({
      tests: [test],
      sources: [test],
      shared: false,
      forks: false,
      initrd: mayBeginInInitrd(test, options),
    }))
  const forked = Map.groupBy(exclusive.filter(isForked), templateKey)
  const equal = [...forked.values()].map((members) => {
    const tests = members.map(({ test }) => test)
    return { tests, sources: tests.slice(0, 1), shared: false, forks: true, initrd: false }
  })
  return [
    ...numbered('shared', shared),
    ...serial,
    ...numbered('template', equal),
    ...numbered('', alone),
  ].toSorted((a, b) => Number(b.tests.length > 1) - Number(a.tests.length > 1))
}

/** One job a serial group, its tests in the order written. When one of them must be booted, all are. */
function serialJobs(
  candidates: readonly GroupCandidate[],
  isForked: (candidate: GroupCandidate) => boolean,
  beginsInInitrd: (test: RegisteredTest) => boolean,
): readonly Job[] {
  const groups = Map.groupBy(candidates, ({ test }) => test.serial?.group)
  return [...groups].flatMap(([id, members]) => {
    if (id === undefined) return []
    const tests = members
      .map(({ test }) => test)
      .toSorted((a, b) => (a.serial?.index ?? 0) - (b.serial?.index ?? 0))
    const shared = tests.length > 1
    const forks = members.every(isForked)
    const initrd = !forks && tests.every(beginsInInitrd)
    return [{ id, tests, sources: tests.slice(0, 1), shared, forks, initrd }]
  })
}

/** Whether a job is a serial group: its tests run in their order, and again only together. */
export function isSerial({ tests }: Pick<Job, 'tests'>): boolean {
  return tests[0]?.serial !== undefined
}

/** Whether the tests of a job run one after the other on the same machine even where each could have a clone. */
export function isOneMachine(job: Pick<Job, 'shared' | 'tests'>): boolean {
  return isSerial(job) || (job.shared && job.tests[0]?.requirements.oneMachine === true)
}

/** Whether others run before or after a test on the very same machines. */
export function keepsMachines({
  requirements,
  serial,
}: Pick<RegisteredTest, 'requirements' | 'serial'>): boolean {
  return serial !== undefined || requirements.oneMachine === true
}

/** A job of one test of another; its boot is the same, so that it finds the same template. */
export function jobOf(test: RegisteredTest, { sources, forks, initrd, shared }: Job): Job {
  const own = forks && shared ? sources : [test]
  return { id: test.name, tests: [test], sources: own, shared: false, forks, initrd }
}

/** A serial group again, on machines that are booted. */
export function coldGroup(job: Job): Job {
  return { ...job, forks: false, initrd: false }
}

/** A test on a boot of its own, from its power-on: nothing shared, nothing cloned. */
export function coldJob(test: RegisteredTest): Job {
  return { id: test.name, tests: [test], sources: [test], shared: false, forks: false, initrd: false }
}

/** Whether its machines come to be by cloning: forked, or from the initrd on. */
export function clones({ forks, initrd }: Pick<Job, 'forks' | 'initrd'>): boolean {
  return forks || initrd
}

function mergeable(members: readonly GroupCandidate[]): readonly (readonly RegisteredTest[])[] {
  return [...Map.groupBy(members, ({ test }) => machineKey(test)).values()].flatMap((alike) =>
    groupCompatible(
      alike.map(({ config }) => config ?? emptyConfig),
      (a, b) => areInConflict(alike[a]?.test, alike[b]?.test),
    ).map((indices) => indices.flatMap((index) => alike[index]?.test ?? [])),
  )
}

/** Whether one of two tests says, by name or alias, that it shares no machine with the other. */
function areInConflict(a: RegisteredTest | undefined, b: RegisteredTest | undefined): boolean {
  const names = (test: RegisteredTest | undefined): readonly string[] =>
    test === undefined ? [] : [test.name, ...(test.requirements.aliases ?? [])]
  const refuses = (one: RegisteredTest | undefined, other: RegisteredTest | undefined): boolean =>
    one?.requirements.conflicts?.some((name) => names(other).includes(name)) === true
  return refuses(a, b) || refuses(b, a)
}

function mayShare(test: RegisteredTest): boolean {
  const { exclusive = true, machines = 1, privateNetwork = false, ignition } = test.requirements
  return (
    !exclusive &&
    machines === 1 &&
    !privateNetwork &&
    test.preparation === undefined &&
    typeof ignition !== 'function'
  )
}

/** Why the machines of a test are booted and not forked, or undefined. */
export function whyBooted(
  test: Pick<RegisteredTest, 'name' | 'requirements' | 'serial'>,
  { forks, coldOnly = new Set() }: GroupOptions,
): string | undefined {
  if (!forks) return 'no machine is forked in this run'
  return (
    whyNotForked({ requirements: bootRequirements(test) }) ??
    (coldOnly.has(test.name) ? 'a cold boot did not confirm its fork in an earlier run' : undefined)
  )
}

/**
 * Whether machines that are booted for a test may begin in the initrd of their first boot, as clones that have read no config
 * yet. Which machines can be cloned there is the platform's to say.
 */
export function mayBeginInInitrd(
  { name, requirements: { machines = 1 } }: Pick<RegisteredTest, 'name' | 'requirements'>,
  { forks, coldOnly = new Set() }: GroupOptions,
): boolean {
  return forks && machines > 0 && !coldOnly.has(name)
}

/** Whether clones of a booted machine can stand for a test's own. */
export function mayFork(test: Pick<RegisteredTest, 'requirements'>): boolean {
  return whyNotForked(test) === undefined
}

/**
 * Not for a test of the first boot itself, nor for one whose config is made anew each time, nor where the boot is judged
 * more leniently than others would judge it.
 */
function whyNotForked({ requirements }: Pick<RegisteredTest, 'requirements'>): string | undefined {
  const { firstBoot = false, machines = 1, tpm = false, ignition, leaveOutChecks = [] } = requirements
  const lenient = leaveOutChecks.find((check) => check === 'system-state' || check === 'os-release')
  if (firstBoot) return 'it is about the first boot'
  if (machines === 0) return 'it boots its machines itself'
  if (tpm) return 'a machine with a TPM is always booted'
  if (typeof ignition === 'function') return 'its config is made anew each time'
  return lenient === undefined ? undefined : `its boot is not judged by ${lenient}`
}

/** Equal for tests that would begin with the same boot, as far as their declarations tell; the same on every host. */
export function bootKey(test: RegisteredTest): string {
  const { name, serial, requirements } = test
  if (serial !== undefined) return `serial ${serial.group}`
  if (mayShare(test)) return `shared ${machineKey(test)}`
  if (!mayFork(test)) return `alone ${name}`
  const { ignition } = requirements
  const text = typeof ignition === 'string' ? ignition : JSON.stringify(ignition)
  return `template ${templateKey({ test, config: text === undefined ? undefined : { ...emptyConfig, text } })}`
}

/** Tests share a machine only when they ask for exactly the same one and the same judgement of its boot. */
function machineKey(test: RegisteredTest): string {
  const { memoryMiB, cpus, disks, primaryDiskMiB, primaryDisk, bootOrder, numaNodes } = test.requirements
  const { tpm, kernelArguments, oneMachine } = test.requirements
  const hardware = [memoryMiB, cpus, disks, primaryDiskMiB, primaryDisk, bootOrder, numaNodes, tpm]
  return JSON.stringify([...hardware, kernelArguments, oneMachine])
}

function templateKey({ test, config }: GroupCandidate): string {
  const { machines = 1, privateNetwork = false } = test.requirements
  const { preparation } = test
  return JSON.stringify([
    machineKey(test),
    machines,
    privateNetwork,
    config?.text,
    preparation?.name,
    preparation?.body.toString(),
  ])
}
