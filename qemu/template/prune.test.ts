// What prune removes, why it says so, and what it leaves.

import { existsSync } from 'node:fs'
import { mkdir, open, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pruneTemplates } from './prune.ts'
import { keyOf, useTemplateWorld } from './template-world.test.fixture.ts'

const world = useTemplateWorld()
const at = (name: string): string => join(world.place.folder, name)
const prune = async (all = false): Promise<ReadonlyMap<string, string>> =>
  new Map((await pruneTemplates({ all, places: [world.place] })).map(({ folder, why }) => [folder, why]))

test('removes what nobody can use, with the reason, and keeps the rest', async () => {
  const { folder: good } = await world.build(keyOf(1))
  const { folder: cut } = await world.build(keyOf(2))
  await truncate(join(cut, 'memory'), 3)
  const { folder: headless } = await world.build(keyOf(3))
  await rm(join(headless, 'template.json'))
  const abandoned = at(`${keyOf(4)}.0123abcd.draft`)
  await mkdir(abandoned)
  await writeFile(join(abandoned, 'memory'), 'x')
  await writeFile(at('something-else'), '')
  expect(await prune()).toEqual(
    new Map([
      [cut, expect.stringMatching(/^memory: it has 3 bytes/)],
      [headless, 'not of this version'],
      [abandoned, 'its builder was killed'],
    ]),
  )
  expect(await readdir(world.place.folder)).toEqual([keyOf(1), 'something-else'])
  expect((await prune()).size).toBe(0)
  expect(await prune(true)).toEqual(new Map([[good, 'all']]))
  expect(await readdir(world.place.folder)).toEqual(['something-else'])
})

test('says how much each gave back', async () => {
  const { folder } = await world.build(keyOf(1), Buffer.alloc(1024 * 1024, 1))
  const [pruned] = await pruneTemplates({ all: true, places: [world.place] })
  expect(pruned).toMatchObject({ folder })
  expect(pruned?.bytes).toBeGreaterThanOrEqual(1024 * 1024)
})

test('forgets refusals: they are tried again', async () => {
  {
    await using draft = await world.draft(keyOf(1))
    await draft.refuse('restless')
  }
  expect((await world.claim(keyOf(1))).kind).toBe('none')
  expect(await prune()).toEqual(new Map([[at(`${keyOf(1)}.refused`), 'it will be tried again']]))
  const again = await world.draft(keyOf(1))
  await again[Symbol.asyncDispose]()
})

test('leaves what a machine uses, and what is being built', async () => {
  const { folder: used } = await world.build(keyOf(1))
  await using file = await open(join(used, 'memory'))
  expect(file.fd).toBeGreaterThan(0)
  await using draft = await world.draft(keyOf(2))
  expect((await prune(true)).size).toBe(0)
  expect([existsSync(used), existsSync(draft.folder), existsSync(at(`${keyOf(2)}.lock`))]).toEqual([
    true,
    true,
    true,
  ])
})

test('leaves what is published while it looks', async () => {
  const built = new AbortController()
  const pruning = Promise.all(
    [1, 2].map(async () => {
      while (!built.signal.aborted) await pruneTemplates({ places: [world.place] })
    }),
  )
  for (let n = 1; n <= 15; n++) await world.build(keyOf(n))
  built.abort()
  await pruning
  expect(await readdir(world.place.folder)).toHaveLength(15)
})

test('goes through every place, and does not mind one that is not there', async () => {
  const second = { ...world.place, folder: join(world.root, 'second') }
  const { folder } = await world.build(keyOf(1), undefined, { places: [second] })
  const places = [world.place, { ...world.place, folder: join(world.root, 'third') }, second]
  expect(await pruneTemplates({ all: true, places })).toMatchObject([{ folder }])
})
