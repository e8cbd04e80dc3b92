// A preview against the run that it is of, in one session of the fake platform: the same plan, and the machines and templates
// that it says.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fakePlatform } from '../platforms/fake/index.ts'
import { withoutDebugging } from './debugging/debugging.ts'
import type { EventBody } from './events.ts'
import type { Platform } from './machine.ts'
import type { Image, Target } from './model.ts'
import type { Selection } from './plan/select.ts'
import { previewRun, type RunPreview } from './preview.ts'
import { distroProfiles } from './profiles/index.ts'
import type { TestBody } from './registry.ts'
import type { Requirements } from './requirements.ts'
import { prepareRun } from './run.ts'
import { openSharedRun } from './shared-run.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-preview-'))
beforeAll(() => {
  process.env['SIGNALBOX_CACHE'] = join(folder, 'cache')
  process.env['SIGNALBOX_RUNTIME'] = join(folder, 'run')
})
afterAll(() => {
  delete process.env['SIGNALBOX_CACHE']
  delete process.env['SIGNALBOX_RUNTIME']
  rmSync(folder, { recursive: true, force: true })
})

const target: Target = {
  name: 'fake-x86_64-uefi-stable',
  platform: 'fake',
  architecture: 'x86_64',
  firmware: 'uefi',
  channel: 'stable',
  distro: 'reference',
  version: '1.0.0',
}
const image: Image = {
  identity: {
    digest: `sha256:${'0'.repeat(64)}`,
    distro: 'reference',
    version: '1.0.0',
    channel: 'stable',
    architecture: 'x86_64',
  },
  disk: { path: '/nonexistent/disk.raw', format: 'raw' },
  firmwares: ['uefi'],
}

const useMachines: TestBody = async ({ cluster }) => {
  for (const machine of cluster.machines) await machine.run('true')
}
const withFile = (path: string, text: string): NonNullable<Requirements['ignition']> => ({
  ignition: { version: '3.0.0' },
  storage: { files: [{ path, mode: 420, contents: { source: `data:,${encodeURIComponent(text)}` } }] },
})
const selected = (name: string, requirements: Requirements = {}): Selection => ({
  test: { name, requirements, body: useMachines, location: { file: 'a.ts', line: 1, column: 1 } },
  skip: undefined,
})
const readied = selected('prepared', { machines: 3, privateNetwork: true, memoryMiB: 256 })
const selection: readonly Selection[] = [
  selected('equal.a'),
  selected('equal.b'),
  selected('merged.a', { exclusive: false, ignition: withFile('/etc/a', 'a') }),
  selected('merged.b', { exclusive: false, ignition: withFile('/etc/b', 'b') }),
  selected('cluster', { machines: 3, privateNetwork: true, memoryMiB: 256 }),
  {
    ...readied,
    test: { ...readied.test, preparation: { name: 'ready', body: useMachines } },
  },
  selected('pair', { machines: 2, memoryMiB: 256 }),
  selected('first-boot', { firstBoot: true }),
  selected('restless', { ignition: withFile('/fake/behaviour.json', '{"settle":"never"}') }),
  selected('too-big', { machines: 5, cpus: 9, firstBoot: true }),
  {
    ...selected('on-aws', { machines: 5, firstBoot: true }),
    skip: 'needs platform aws; this target is fake',
  },
]

/** A platform of one session, which outlives its users: what one of them has made the next one finds. */
async function openOnce(): Promise<Platform & AsyncDisposable> {
  const platform = fakePlatform()
  const signal = new AbortController().signal
  const session = await platform.open({ image, emit: () => undefined, signal })
  const stay = async (): Promise<void> => await Promise.resolve()
  return {
    ...platform,
    open: async () => await Promise.resolve({ ...session, [Symbol.asyncDispose]: stay }),
    [Symbol.asyncDispose]: async () => await session[Symbol.asyncDispose](),
  }
}

const common = (platform: Platform, events: EventBody[]) => ({
  platform,
  image,
  profile: distroProfiles.reference,
  target,
  selection,
  appended: [],
  recordedMs: (test: string) => (test === 'equal.a' ? 1234 : undefined),
  jobs: undefined,
  forks: true,
  shard: undefined,
  auditForks: 0,
  signal: new AbortController().signal,
  emit: (event: EventBody) => void events.push(event),
})

const machinesOf = ({ jobs }: RunPreview): Readonly<Record<string, unknown>> =>
  Object.fromEntries(jobs.map(({ job, machines, tests }) => [job, { ...machines, tests }]))

it('is the plan of the run, and says where its machines come from, before it and after it', async () => {
  await using platform = await openOnce()
  const events: EventBody[] = []
  const options = common(platform, events)
  const before = await previewRun({ ...options, onFailure: 'nothing' })
  expect(events).toEqual([])
  const build = {
    kind: 'build',
    template: expect.stringMatching(/^[0-9a-f]{12}$/),
    seeds: 1,
    tests: 'apart',
  }
  expect(machinesOf(before)).toEqual({
    'template-1': build,
    'shared-1': build,
    cluster: build,
    pair: build,
    prepared: { ...build, seeds: 3 },
    restless: build,
    'first-boot': { kind: 'boot', reason: 'it is about the first boot', tests: 'apart' },
  })
  expect(before.skipped).toEqual([
    {
      test: 'too-big',
      reason:
        "needs 5 GiB of memory for its 5 machines; the largest that fits this host's budget is 4 GiB; also needs 9 CPUs a machine; this host's budget is 8",
    },
    {
      test: 'on-aws',
      reason:
        "needs platform aws; this target is fake; also needs 5 GiB of memory for its 5 machines; the largest that fits this host's budget is 4 GiB",
    },
  ])
  expect(before.totals).toMatchObject({ tests: 9, recorded: 1, guessed: 8 })

  await using run = await prepareRun({
    ...options,
    runFolder: join(folder, 'results'),
    command: ['test'],
    remarks: [],
    shared: openSharedRun({ maxFailures: undefined, signal: options.signal }),
    quietWaitMs: 0,
    repeat: undefined,
    retries: 0,
    infraRetries: 0,
    retryIsolated: false,
    failOnFlaky: false,
    debugging: withoutDebugging,
    updateSnapshots: 'none',
    noTimeouts: false,
    bootTimeoutMs: undefined,
    payloads: undefined,
  })
  const { verdicts } = await run.perform()
  expect(Object.fromEntries(verdicts)).toEqual(
    Object.fromEntries(
      selection.map(({ test: { name } }) => [
        name,
        ['too-big', 'on-aws'].includes(name) ? 'skipped' : 'passed',
      ]),
    ),
  )
  const planned = events.find((event) => event.type === 'run.planned')
  expect(planned).toMatchObject({ digest: before.digest, jobs: before.slots, budget: before.budget })
  const reasons = planned?.tests.flatMap(({ test, expectation }) =>
    expectation.kind === 'skip' ? [{ test, reason: expectation.reason }] : [],
  )
  expect(reasons).toEqual(before.skipped)
  const created = events.filter(({ type }) => type === 'machine.created')
  // The one that never came to rest served as it was: no clone of it was made.
  expect(created).toHaveLength(before.totals.machines - 1)

  const after = await previewRun({ ...options, onFailure: 'nothing' })
  const fork = { kind: 'fork', template: expect.stringMatching(/^[0-9a-f]{12}$/), tests: 'apart' }
  expect(machinesOf(after)).toEqual({
    'template-1': fork,
    'shared-1': fork,
    cluster: fork,
    pair: fork,
    prepared: fork,
    restless: { kind: 'boot', reason: expect.stringMatching(/it never comes to rest/), tests: 'apart' },
    'first-boot': { kind: 'boot', reason: 'it is about the first boot', tests: 'apart' },
  })
  // A cluster is forked from the template of the one machine that its members are.
  const templates = after.jobs.flatMap(({ job, machines }) =>
    machines.kind === 'fork' ? [[job, machines.template] as const] : [],
  )
  const { cluster, pair, prepared } = Object.fromEntries(templates)
  expect(cluster).toBe(pair)
  expect(prepared).not.toBe(pair)
  expect(after.digest).toBe(before.digest)
  expect(after.totals.machines).toBeLessThan(before.totals.machines)
  expect(after.totals.durationMs).toBeLessThan(before.totals.durationMs)
})

it.each([
  ['an option', false, '--no-fork'],
  ['the platform', true, 'the platform has no forks'],
])('says that %s has everything booted', async (_, forks, reason) => {
  const platform = fakePlatform()
  const open: Platform['open'] = async (options) => {
    const { forks: theirs, ...session } = await platform.open(options)
    return forks ? session : { ...session, ...(theirs === undefined ? {} : { forks: theirs }) }
  }
  const options = { ...common({ ...platform, open }, []), forks }
  const { jobs } = await previewRun({ ...options, onFailure: 'nothing' })
  const equal = jobs.filter(({ job }) => job.startsWith('equal.'))
  expect(equal.map(({ machines }) => machines)).toEqual([
    { kind: 'boot', reason },
    { kind: 'boot', reason },
  ])
})

it('refuses what a run would refuse', async () => {
  const options = common(fakePlatform(), [])
  await expect(previewRun({ ...options, onFailure: 'keep' })).rejects.toMatchObject({ code: 'no-keep' })
})
