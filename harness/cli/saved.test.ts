import { chmodSync, existsSync, globSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SignalboxEvent } from '../events.ts'
import { createCliWorld, type CliResult } from './cli.test.fixture.ts'

const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())
const target = [...world.target, ...world.corpus('saved')]

const run = async (...args: readonly string[]): Promise<CliResult> =>
  await world.signalbox(['run', ...args, ...target])
const resume = async (...args: readonly string[]): Promise<CliResult> =>
  await world.signalbox(['resume', ...args])

function eventsOfLatest(): readonly SignalboxEvent[] {
  return readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SignalboxEvent)
}

const notices = (code: string): readonly string[] =>
  eventsOfLatest().flatMap((event) =>
    event.type === 'run.notice' && event.code === code ? [event.message] : [],
  )

/** Folders of saved machines of the latest run, relative to its attempts. */
const savedFolders = (): readonly string[] =>
  globSync('*/*/*/saved*', { cwd: join(world.output, 'latest', 'attempts') }).toSorted()

/** What a killed or careless command would leave. */
function leftovers(): readonly string[] {
  const list = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : [])
  return [...list(join(world.folder, 'run', 'ledger')), ...list(join(world.folder, 'cache', 'scratch'))]
}

describe('a machine that was saved', () => {
  let result: CliResult
  let runName = ''
  beforeAll(async () => {
    result = await run('saved.fails', 'saved.passes', '--retries', '1', '--save-failed')
    runName = eventsOfLatest()[0]?.run ?? 'no run'
  })

  it('is one of a failed attempt, and the verdict is the same', () => {
    expect(result.exitCode).toBe(1)
    expect(savedFolders()).toEqual(['saved.fails/1/m0/saved', 'saved.fails/2/m0/saved'])
    expect(notices('machine-saved')).toEqual([
      expect.stringMatching(/^m0 of saved\.fails is saved \(\d+ MiB\): signalbox resume \S+\/saved\.fails$/),
      expect.stringMatching(/signalbox resume \S+\/saved\.fails#2$/),
    ])
    expect(result.stdout).toMatch(/Saved as they failed:\n {2}signalbox resume \S+\/saved\.fails\n/)
  })

  it('is for this user only, and tells nobody the key', () => {
    const folder = join(world.output, 'latest', 'attempts', 'saved.fails', '1', 'm0', 'saved')
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(folder)) {
      expect(statSync(join(folder, name)).mode & 0o077, name).toBe(0)
      expect(readFileSync(join(folder, name), 'utf8'), name).not.toMatch(/PRIVATE KEY/)
    }
  })

  it('comes up as it was, as often as one likes, and leaves nothing', async () => {
    for (let time = 0; time < 2; time += 1) {
      const { exitCode, stdout, stderr } = await resume('latest/saved.fails/m0', '--', 'cat', '/tmp/clue')
      expect(stdout).toBe('the butler')
      expect(stderr).toContain(`${runName}/saved.fails#2/m0 runs again as it was saved at `)
      expect(stderr).toMatch(/^ {2}m0: ssh -i \S+ .*core@127\.0\.0\.1$/m)
      expect(exitCode).toBe(0)
      await resume('saved.fails', '--', 'fake', 'write', '/tmp/clue', 'the gardener')
    }
    expect(leftovers()).toEqual([])
  })

  it('is of the attempt that was asked for', async () => {
    const { stderr } = await resume('saved.fails', '--attempt', '1', '--', 'true')
    expect(stderr).toContain(`${runName}/saved.fails/m0 runs again`)
    const other = await resume('saved.fails', '--attempt', '7')
    expect(other.stderr).toMatch(/attempt 7 of saved\.fails was not saved\n.*saved: 1, 2/)
    expect(other.exitCode).toBe(2)
  })

  it('is refused by name, when it is damaged, and without its image', async () => {
    const unknown = await resume('saved.fial')
    expect(unknown.stderr).toMatch(
      /none of the saved machines is called "saved\.fial"\n.*did you mean .*\n.*saved\.fails/,
    )
    expect(unknown.exitCode).toBe(2)

    const folder = join(world.output, 'latest', 'attempts', 'saved.fails', '1', 'm0', 'saved')
    const state = join(folder, 'state.json')
    const whole = readFileSync(state)
    const damage = async (bytes: Buffer | string, path = state): Promise<CliResult> => {
      chmodSync(path, 0o600)
      writeFileSync(path, bytes)
      return await resume('saved.fails', '--attempt', '1', '--', 'true')
    }
    const flipped = await damage(Buffer.from(whole.map((byte, index) => (index === 40 ? byte ^ 1 : byte))))
    expect(flipped.stderr).toMatch(/saved machine is damaged: \S+state\.json: its checksum is wrong/)
    expect(flipped.stderr).toContain('run the test again with --save-failed')
    expect(flipped.exitCode).toBe(3)
    const longer = await damage(`${whole.toString()} `)
    expect(longer.stderr).toMatch(/it has \d+ bytes instead of \d+/)
    expect((await damage(whole)).exitCode).toBe(0)
    const record = join(folder, 'saved.json')
    const text = readFileSync(record, 'utf8')
    const forged = await damage(text.replace('"user":"core"', '"user":"root"'), record)
    expect(forged.stderr).toMatch(/damaged: \S+saved\.json: its checksum is wrong/)
    await damage(text, record)

    const image = join(world.folder, 'disk.raw')
    writeFileSync(image, Buffer.alloc(8192))
    const without = await resume('saved.fails', '--', 'true')
    expect(without.stderr).toMatch(/the image that m0 runs on has changed since: \S+disk\.raw/)
    expect(without.exitCode).toBe(2)
    expect(leftovers()).toEqual([])
  })

  it('cannot be left running where the platform keeps no machine', async () => {
    await run('saved.fails', '--save-failed')
    const { exitCode, stderr } = await resume('latest', '--detach')
    expect(stderr).toContain('the platform fake cannot leave machines running')
    expect(exitCode).toBe(2)
    expect(leftovers()).toEqual([])
  })
})

it('saves a cluster at one instant, and brings it up on a network', async () => {
  await run('saved.cluster', '--save-failed')
  expect(savedFolders()).toEqual(['saved.cluster/1/m0/saved', 'saved.cluster/1/m1/saved'])
  expect(notices('machine-saved')).toEqual([expect.stringMatching(/^m0, m1 of saved\.cluster are saved/)])
  const second = await resume('latest/saved.cluster/m1', '--', 'cat', '/tmp/clue')
  expect(second.stdout).toBe('i am m1')
  expect(second.stderr).toMatch(/^ {2}m0: ssh .*\n {2}m1: ssh /m)
  const ping = await resume('saved.cluster', '--', 'fake', 'ping', 'm1')
  expect(ping.exitCode).toBe(0)
})

it.each([
  ['saved.disk-full', [], 'saved.disk-full: m0 not saved: the fake disk is full'],
  ['saved.off', [], 'saved.off: m0 cannot be saved: it is off or gone'],
  [
    'saved.fails',
    ['--save-limit', '63'],
    'saved.fails: m0 not saved: they may take 64 MiB, and 63 MiB are left of the 63 MiB that --save-limit allows a run',
  ],
])('says why a machine of %s is not saved with %j', async (test, more, message) => {
  const { exitCode } = await run(test, '--save-failed', ...more)
  expect(notices('machine-not-saved')).toEqual([message])
  expect(savedFolders()).toEqual([])
  expect(exitCode).toBe(1)
})

it('counts what was saved against the limit, not what it might have taken', async () => {
  await run('saved.fails', '--retries', '2', '--save-failed', '--save-limit', '65')
  expect(savedFolders()).toHaveLength(3)
})

it('saves nothing unasked', async () => {
  await run('saved.fails')
  expect(savedFolders()).toEqual([])
  expect((await resume('latest/saved.off')).stderr).toMatch(/none of the saved machines/)
})

it('refuses a state that this host does not read, with what to do', async () => {
  await run('saved.elsewhere', '--save-failed')
  const { exitCode, stderr } = await resume('saved.elsewhere', '--', 'true')
  expect(stderr).toMatch(/m0 cannot be resumed here: it was saved by an elder fake; run the test again/)
  expect(exitCode).toBe(2)
  expect(leftovers()).toEqual([])
})

it('leaves nothing that gc does not remove when it is killed', async () => {
  await run('saved.fails', '--save-failed')
  const child = world.start(['resume', 'saved.fails', '--', 'sleep', '60'])
  await expect.poll(leftovers, { timeout: 30_000 }).toHaveLength(2)
  child.kill('SIGKILL')
  await expect.poll(() => child.signalCode).toBe('SIGKILL')
  const gc = await world.signalbox(['gc'])
  expect(gc.stdout).toMatch(/removed scratch scratch-[0-9a-f]{8}/)
  expect(leftovers()).toEqual([])
})

it('leaves no half of a machine that gc does not remove when it is killed while it saves', async () => {
  const child = world.start(['run', 'saved.never', '--save-failed', ...target])
  const drafts = (): readonly string[] =>
    globSync('*/attempts/saved.never/1/m0/saved.draft/state.json', { cwd: world.output })
  await expect.poll(drafts, { timeout: 30_000 }).toHaveLength(1)
  child.kill('SIGKILL')
  await expect.poll(() => child.signalCode).toBe('SIGKILL')
  expect(drafts()).toHaveLength(1)
  const gc = await world.signalbox(['gc'])
  expect(gc.stdout).toMatch(/removed saving saving-[0-9a-f]{8}, \S+\/saved\.never\/1\/m0\/saved\.draft\n/)
  expect(drafts()).toEqual([])
  expect(leftovers()).toEqual([])
})

it('cleans up on Ctrl-C', async () => {
  await run('saved.fails', '--save-failed')
  const child = world.start(['resume', 'saved.fails', '--', 'sleep', '60'])
  await expect.poll(leftovers, { timeout: 30_000 }).toHaveLength(2)
  child.kill('SIGTERM')
  await expect.poll(() => child.exitCode, { timeout: 30_000 }).not.toBeNull()
  expect(leftovers()).toEqual([])
})
