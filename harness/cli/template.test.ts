import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest'
import { claimTemplate, type TemplatePlace } from '../../qemu/index.ts'
import { cacheFolder } from '../folders.ts'
import { createCliWorld, type CliResult } from './cli.test.fixture.ts'

const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())
const TIMEOUT_MS = 60_000
const MEBIBYTE = 1024 * 1024
const GOOD = 'a1'.repeat(32)
const BAD = 'b2'.repeat(32)
let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-templates-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
  await rm(coldOnlyFile(), { force: true })
})

const coldOnlyFile = (): string => join(world.folder, 'cache', 'cold-only.json')

async function signalbox(...args: readonly string[]): Promise<CliResult> {
  return await world.signalbox(['template', ...args], {
    SIGNALBOX_TEMPLATES: folder,
    SIGNALBOX_TEMPLATE_MIB: '512',
  })
}

async function makeTemplate(key: string, facts: Readonly<Record<string, string | number>>): Promise<string> {
  const place: TemplatePlace = { kind: 'disk', folder, limitBytes: 512 * MEBIBYTE }
  const claim = await claimTemplate({ key, bytes: MEBIBYTE, places: [place] })
  if (claim.kind !== 'draft') throw new Error(claim.kind)
  await using draft = claim.draft
  await writeFile(join(draft.folder, 'memory'), Buffer.alloc(3 * MEBIBYTE, 1))
  return (await draft.publish(facts, {})).folder
}

const facts = {
  image: 'reference 1.0.0 (stable)',
  machines: 1,
  memoryMiB: 1024,
  cpus: 2,
  qemu: '10.0.2',
  accelerator: 'tcg',
}

/** One good, one damaged, one of another version, a refusal, and a test that is always booted. */
async function fillStore(): Promise<void> {
  await makeTemplate(GOOD, facts)
  await rm(
    join(await makeTemplate(BAD, { ...facts, machines: 3, memoryMiB: 640, state: 'initrd' }), 'memory'),
    {
      force: true,
    },
  )
  await mkdir(join(folder, 'c3'.repeat(32)))
  const at = new Date(Date.now() - 7_200_000).toISOString()
  await writeFile(
    join(folder, `${'d4'.repeat(32)}.refused`),
    JSON.stringify({ reason: 'its clones would share an etcd member', facts, at }),
  )
  await mkdir(join(world.folder, 'cache'), { recursive: true })
  const reason = 'it passed on a fork and failed on a cold boot'
  await writeFile(
    coldOnlyFile(),
    JSON.stringify({ 'etcd.restart': { fingerprint: '0123456789abcdef', reason, at } }),
  )
}

it('says what to do when there are no templates', { timeout: TIMEOUT_MS }, async () => {
  const { exitCode, stdout } = await signalbox('list')
  expect(stdout).toContain('there are no templates')
  expect(stdout).toContain(`0 MiB of 512 MiB on disk: ${folder}`)
  expect(exitCode).toBe(0)
  expect(JSON.parse((await signalbox('list', '--json')).stdout)).toMatchObject({
    templates: [],
    refusals: [],
    coldOnly: [],
    places: [{ kind: 'disk', folder, limitBytes: 512 * MEBIBYTE, usedBytes: 0 }],
  })
  expect((await signalbox('prune')).stdout).toBe('nothing to remove\n')
  expect((await signalbox('prune', '--all')).stdout).toBe('nothing to remove\n')
})

it(
  'lists templates, their damage, and what is booted instead of forked',
  { timeout: TIMEOUT_MS },
  async () => {
    await fillStore()
    const { exitCode, stdout } = await signalbox('list')
    const stable = stdout.replaceAll(folder, '<folder>').replaceAll(/, \d+ MiB free/g, ', <n> MiB free')
    await expect(stable.replaceAll(/\b\d+ s\b/g, '<time>')).toMatchFileSnapshot('golden/template-list.txt')
    expect(exitCode).toBe(0)
    const json = JSON.parse((await signalbox('list', '--json')).stdout) as {
      readonly templates: readonly Readonly<Record<string, unknown>>[]
    }
    expect(json.templates.find(({ key }) => key === GOOD)).toMatchObject({
      ...facts,
      id: GOOD.slice(0, 12),
      where: 'disk',
      damage: null,
    })
    expect(json).toMatchObject({
      others: [{ what: 'not of this version' }],
      refusals: [{ id: 'd4d4d4d4d4d4', facts }],
      coldOnly: [{ test: 'etcd.restart' }],
    })
  },
)

it('prunes what cannot be used, and only with --all what can', { timeout: TIMEOUT_MS }, async () => {
  await fillStore()
  const { exitCode, stdout } = await signalbox('prune')
  expect(stdout.trimEnd().split('\n').toSorted()).toEqual([
    'removed b2b2b2b2b2b2 (0 MiB): memory: it is gone',
    'removed c3c3c3c3c3c3: not of this version',
    'removed d4d4d4d4d4d4.refused: it will be tried again',
  ])
  expect(exitCode).toBe(0)
  expect(existsSync(join(folder, GOOD))).toBe(true)
  expect((await signalbox('prune')).stdout).toBe('nothing to remove\n')
  expect((await signalbox('list')).stdout).toContain('etcd.restart')
  const all = await signalbox('prune', '--all', '--json')
  expect(JSON.parse(all.stdout)).toMatchObject({
    removed: [{ folder: join(folder, GOOD), why: 'all' }],
    forgotten: ['etcd.restart'],
    kept: [],
  })
  expect((await signalbox('list')).stdout).toMatch(/^there are no templates[^]*$/)
})

it('leaves what a killed builder left to gc', { timeout: TIMEOUT_MS }, async () => {
  const draft = join(folder, `${GOOD}.0123abcd.draft`)
  await mkdir(draft)
  const ledger = join(world.folder, 'run', 'ledger')
  await mkdir(ledger, { recursive: true })
  const id = `template-${GOOD.slice(0, 16)}`
  // No process has this id: the kernel's highest is below 2^22.
  const owner = { pid: 5_000_000, startTime: '1' }
  await writeFile(
    join(ledger, `${id}.json`),
    JSON.stringify({ kind: 'template', id, owner, data: { folder: draft } }),
  )
  const { exitCode, stdout } = await world.signalbox(['gc'])
  expect(stdout).toBe(`removed template ${id}, ${draft}\n`)
  expect(exitCode).toBe(0)
  expect(existsSync(draft)).toBe(false)
})

it('shows in doctor where templates go', { timeout: TIMEOUT_MS }, async () => {
  const ask = async (limitMiB: string): Promise<unknown> => {
    const env = { SIGNALBOX_TEMPLATES: folder, SIGNALBOX_TEMPLATE_MIB: limitMiB, SIGNALBOX_CACHE: cache }
    const rows = JSON.parse((await world.signalbox(['doctor', '--json'], env)).stdout) as { what: string }[]
    return rows.find(({ what }) => what === 'templates')
  }
  // The answer of the accelerator's probe is in this user's cache.
  const cache = cacheFolder()
  expect(await ask('2048')).toEqual({
    what: 'templates',
    status: 'ok',
    detail: `0 of 2048 MiB in ${folder}`,
  })
  expect(await ask('512')).toMatchObject({
    status: 'warning',
    detail: expect.stringContaining('no room for one of 1280 MiB'),
    remedy: ['export', 'SIGNALBOX_TEMPLATE_MIB=4096'],
  })
})

it('makes a template ahead of time, also as JSON', { timeout: TIMEOUT_MS }, async () => {
  const { exitCode, stdout, stderr } = await signalbox('build', ...world.target)
  // What takes more than a second says how far it is.
  expect(stderr).toMatch(/^(?:template: .*\n)*$/)
  expect(stdout).toMatch(/^template [0-9a-f]{12} made in \d[^\n]*\n$/)
  expect(exitCode).toBe(0)
  const json = JSON.parse(
    (await signalbox('build', '--cpus', '1', '--json', ...world.target)).stdout,
  ) as unknown
  expect(json).toMatchObject({ id: expect.stringMatching(/^[0-9a-f]{12}$/), found: false })
})

it.each([
  [['build', '--memory', 'much'], /--memory <MiB>[^]*whole number/],
  [['prun'], /unknown command 'prun'[^]*prune/],
])('refuses template %j', { timeout: TIMEOUT_MS }, async (args, message) => {
  const { exitCode, stderr } = await signalbox(...args)
  expect(stderr).toMatch(message)
  expect(exitCode).toBe(2)
})
