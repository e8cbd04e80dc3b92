import { expect, it } from 'vitest'
import type { ImageIdentity, Target } from '../model.ts'
import type { RegisteredTest } from '../registry.ts'
import type { Requirements } from '../requirements.ts'
import { readIgnition } from '../ignition/index.ts'
import { coldJob, formJobs, isOneMachine, jobOf, mayFork, whyBooted, type GroupCandidate } from './group.ts'
import { makePlan, orderJobs } from './plan.ts'

const image: ImageIdentity = {
  digest: 'sha256:00',
  distro: 'reference',
  version: '1.0.0',
  channel: 'stable',
  architecture: 'x86_64',
}
const target: Target = { name: 't', platform: 'fake', firmware: 'direct', ...image }

const testOf = (name: string, requirements: Requirements = {}): RegisteredTest => ({
  name,
  requirements,
  body: () => undefined,
  location: { file: 'a.ts', line: 1, column: 1 },
})

async function candidate(name: string, requirements: Requirements = {}): Promise<GroupCandidate> {
  const { ignition } = requirements
  const config =
    ignition === undefined || typeof ignition === 'function' ? undefined : await readIgnition(ignition)
  return { test: testOf(name, requirements), config }
}

const file = (path: string, text: string): object => ({
  ignition: { version: '3.0.0' },
  storage: { files: [{ path, contents: { source: `data:,${text}` } }] },
})

const names = (jobs: ReturnType<typeof formJobs>): readonly (readonly string[])[] =>
  jobs.map((job) => job.tests.map((test) => test.name))

it('shares a boot only between tests that allow it, ask for the same machine and do not conflict', async () => {
  const jobs = formJobs(await mixed(), { forks: false })
  expect(names(jobs).toSorted()).toEqual([['a', 'b'], ['c'], ['d'], ['e'], ['f'], ['g'], ['h'], ['i']])
  expect(jobs.filter((job) => job.shared).map((job) => job.id)).toEqual(['shared-1'])
  expect(jobs.some((job) => job.forks)).toBe(false)
})

it('forks what may be forked: shared configs merged, exclusive tests by equal machine and config', async () => {
  const jobs = formJobs(await mixed(), { forks: true, coldOnly: new Set(['d']) })
  const forked = jobs.filter((job) => job.forks)
  expect(names(forked).toSorted()).toEqual([['a', 'b'], ['c'], ['e', 'h'], ['g']])
  // A test of its own keeps its boot: first boots, configs made at run time, and what an audit has marked.
  expect(names(jobs.filter((job) => !job.forks)).toSorted()).toEqual([['d'], ['f'], ['i']])
  const shared = jobs.find((job) => job.id === 'shared-1')
  const [, second] = shared?.tests ?? []
  if (shared === undefined || second === undefined) throw new Error('no shared job')
  // Apart, it still needs the merged config: it is what the template was booted with.
  expect(jobOf(second, shared)).toMatchObject({ id: 'b', forks: true, shared: false, sources: shared.tests })
  expect(coldJob(second)).toEqual({
    id: 'b',
    tests: [second],
    sources: [second],
    shared: false,
    forks: false,
    initrd: false,
  })
})

it.each([
  [{}, true],
  [{ firstBoot: true }, false],
  [{ tpm: true }, false],
  [{ machines: 0 }, false],
  [{ machines: 3 }, true],
  [{ ignition: () => '' }, false],
  [{ leaveOutChecks: ['system-state'] }, false],
  [{ leaveOutChecks: ['failed-units'] }, true],
] as const)('%j may be forked: %s', (requirements, expected) => {
  expect(mayFork({ requirements })).toBe(expected)
})

it.each([
  [{}, { forks: true }, undefined],
  [{}, { forks: false }, 'no machine is forked in this run'],
  [{}, { forks: true, coldOnly: new Set(['t']) }, 'a cold boot did not confirm its fork in an earlier run'],
  [{ firstBoot: true, tpm: true }, { forks: true }, 'it is about the first boot'],
  [{ tpm: true }, { forks: true }, 'a machine with a TPM is always booted'],
  [{ machines: 0 }, { forks: true }, 'it boots its machines itself'],
  [{ ignition: () => '' }, { forks: true }, 'its config is made anew each time'],
  [{ leaveOutChecks: ['os-release'] }, { forks: true }, 'its boot is not judged by os-release'],
] as const)('%j with %j is booted because: %s', (requirements, options, reason) => {
  expect(whyBooted({ name: 't', requirements }, options)).toBe(reason)
})

async function mixed(): Promise<readonly GroupCandidate[]> {
  return [
    await candidate('a', { exclusive: false, ignition: file('/etc/x', '1') as never }),
    await candidate('b', { exclusive: false, ignition: file('/etc/y', '1') as never }),
    await candidate('c', { exclusive: false, ignition: file('/etc/x', '2') as never }),
    await candidate('d', { exclusive: false, memoryMiB: 2048 }),
    await candidate('e'),
    await candidate('f', { exclusive: false, ignition: () => file('/z', '1') as never }),
    await candidate('g', { exclusive: false, machines: 2 }),
    await candidate('h'),
    await candidate('i', { firstBoot: true }),
  ]
}

it('orders the longest first once durations are known, unknown ones before them', () => {
  const jobs = ['a', 'b', 'c', 'd'].map((id) => coldJob(testOf(id)))
  const known = new Map([
    ['a', 10],
    ['b', 30],
    ['d', 20],
  ])
  expect(orderJobs(jobs, (test) => known.get(test)).map((job) => job.id)).toEqual(['c', 'b', 'd', 'a'])
})

it('fixes and digests the expected set, skips included', () => {
  const selection = [
    { test: testOf('a', { tags: ['smoke'] }), skip: undefined },
    { test: testOf('b'), skip: 'needs a TPM' },
  ]
  const make = (skip: string): ReturnType<typeof makePlan> =>
    makePlan({
      target,
      image,
      selection: [selection[0] ?? { test: testOf('a'), skip: undefined }, { test: testOf('b'), skip }],
      jobs: [coldJob(testOf('a'))],
      knownDurationMs: () => undefined,
    })
  const plan = make('needs a TPM')
  expect(plan.tests.map(({ test, expectation }) => [test, expectation])).toEqual([
    ['a', { kind: 'run' }],
    ['b', { kind: 'skip', reason: 'needs a TPM' }],
  ])
  expect(plan.digest).toMatch(/^sha256:[0-9a-f]{64}$/)
  expect(make('needs a TPM').digest).toBe(plan.digest)
  expect(make('another reason').digest).not.toBe(plan.digest)
})

it('keeps apart what conflicts by name or alias, and what shares a machine from what does not', async () => {
  const together = { exclusive: false, oneMachine: true } as const
  const jobs = formJobs(
    [
      await candidate('a', { ...together, aliases: ['ext.p.A'] }),
      await candidate('b', { ...together, conflicts: ['ext.p.A'] }),
      await candidate('c', together),
      await candidate('d', { ...together, kernelArguments: ['quiet'] }),
      await candidate('e', { exclusive: false }),
    ],
    { forks: true },
  )
  expect(jobs.map(({ tests }) => tests.map(({ name }) => name)).toSorted()).toEqual([
    ['a', 'c'],
    ['b'],
    ['d'],
    ['e'],
  ])
  const shared = jobs.find(({ tests }) => tests.length === 2)
  expect(shared === undefined ? undefined : isOneMachine(shared)).toBe(true)
})
