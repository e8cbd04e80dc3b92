// What goes to make room, and what never does.

import { existsSync, mkdirSync } from 'node:fs'
import { mkdir, open, readdir, rename, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { recordInLedger } from '../../harness/ledger.ts'
import { makeRoom, occupants, removeLeftovers } from './evict.ts'
import { keyOf, useTemplateWorld } from './template-world.test.fixture.ts'

const world = useTemplateWorld()
const MEBIBYTE = 1024 * 1024

/** Templates of a MiB each, used in this order. */
async function buildSome(count: number): Promise<readonly string[]> {
  const folders: string[] = []
  for (let n = 1; n <= count; n++) {
    const { folder } = await world.build(keyOf(n), Buffer.alloc(MEBIBYTE, n))
    await utimes(folder, 1000 * n, 1000 * n)
    folders.push(folder)
  }
  return folders
}

const left = async (): Promise<readonly string[]> => (await readdir(world.place.folder)).toSorted()
const limited = (mebibytes: number) => ({ ...world.place, limitBytes: mebibytes * MEBIBYTE })

describe('makeRoom', () => {
  test('takes nothing while there is room', async () => {
    await buildSome(3)
    expect(await makeRoom(limited(4.5), MEBIBYTE)).toBe(true)
    expect(await left()).toHaveLength(3)
  })

  test('takes the least recently used first, and no more than it must', async () => {
    const [first = '', second = '', third = ''] = await buildSome(3)
    await utimes(first, 9000, 9000)
    expect(await makeRoom(limited(3.5), MEBIBYTE)).toBe(true)
    expect([first, second, third].map((folder) => existsSync(folder))).toEqual([true, false, true])
  })

  test('counts what is allocated, not what a sparse file pretends to be', async () => {
    await using draft = await world.draft(keyOf(1))
    await truncate(join(draft.folder, 'memory'), 32 * MEBIBYTE)
    await draft.publish({}, {})
    await draft[Symbol.asyncDispose]()
    const [{ bytes } = { bytes: 0 }] = await occupants(world.place)
    expect(bytes).toBeGreaterThan(0)
    expect(bytes).toBeLessThan(MEBIBYTE)
    expect(await makeRoom(limited(3), MEBIBYTE)).toBe(true)
    expect(await left()).toEqual([keyOf(1)])
  })

  test('leaves one that is in use, and takes another instead', async () => {
    const [first = '', second = ''] = await buildSome(2)
    await using file = await open(join(first, 'memory'))
    expect(file.fd).toBeGreaterThan(0)
    expect(await makeRoom(limited(2.5), MEBIBYTE)).toBe(true)
    expect([existsSync(first), existsSync(second)]).toEqual([true, false])
    expect(await makeRoom(limited(1.5), MEBIBYTE)).toBe(false)
    expect(existsSync(first)).toBe(true)
  })

  test('sees the use through a symbolic link', async () => {
    const [first = ''] = await buildSome(1)
    const link = join(world.root, 'link')
    await symlink(world.place.folder, link)
    await using file = await open(join(first, 'memory'))
    expect(file.fd).toBeGreaterThan(0)
    expect(await makeRoom({ ...limited(1.5), folder: link }, MEBIBYTE)).toBe(false)
    expect(existsSync(first)).toBe(true)
  })

  test('takes nothing for what can never fit', async () => {
    await buildSome(2)
    expect(await makeRoom(limited(3), 4 * MEBIBYTE)).toBe(false)
    expect(await left()).toHaveLength(2)
  })

  test('leaves the drafts of living builders, and the room that they will need', async () => {
    await using draft = await world.draft(keyOf(5), undefined, { bytes: 3 * MEBIBYTE })
    expect(await makeRoom(limited(4.5), MEBIBYTE)).toBe(true)
    expect(await makeRoom(limited(3.5), MEBIBYTE)).toBe(false)
    expect(existsSync(draft.folder)).toBe(true)
    expect(await left()).toContain(`${keyOf(5)}.lock`)
  })

  test('takes what killed builders left before any template', async () => {
    await buildSome(1)
    const abandoned = join(world.place.folder, `${keyOf(9)}.0123abcd.draft`)
    await mkdir(abandoned)
    await writeFile(join(abandoned, 'memory'), Buffer.alloc(MEBIBYTE, 9))
    await utimes(abandoned, 9000, 9000)
    expect(await makeRoom(limited(2.5), MEBIBYTE)).toBe(true)
    expect(await left()).toEqual([keyOf(1)])
  })

  test('works in a place that is not there yet', async () => {
    expect(await occupants({ ...world.place, folder: join(world.root, 'none') })).toEqual([])
    expect(await removeLeftovers({ ...world.place, folder: join(world.root, 'none') })).toEqual([])
  })
})

describe('removeLeftovers', () => {
  const abandoned = (n: number, kind: 'draft' | 'gone'): string =>
    join(world.place.folder, `${keyOf(n)}.0123abcd.${kind}`)

  test('removes what nobody owns: drafts and half-done removals; nothing else', async () => {
    const [template = ''] = await buildSome(1)
    for (const folder of [abandoned(2, 'draft'), abandoned(3, 'gone')]) {
      await mkdir(folder)
      await writeFile(join(folder, 'memory'), 'x')
    }
    await writeFile(join(world.place.folder, `${keyOf(4)}.refused`), '{}')
    const removed = await removeLeftovers(world.place)
    expect(removed.toSorted()).toEqual([abandoned(2, 'draft'), abandoned(3, 'gone')])
    expect(await left()).toEqual([keyOf(1), `${keyOf(4)}.refused`])
    expect(existsSync(template)).toBe(true)
  })

  test('leaves a draft that a machine runs from, though its builder is in another ledger', async () => {
    await mkdir(abandoned(2, 'draft'))
    await writeFile(join(abandoned(2, 'draft'), 'memory'), 'x')
    {
      await using file = await open(join(abandoned(2, 'draft'), 'memory'))
      expect(file.fd).toBeGreaterThan(0)
      expect(await removeLeftovers(world.place)).toEqual([])
    }
    expect(await removeLeftovers(world.place)).toEqual([abandoned(2, 'draft')])
  })

  test('leaves a draft that appears while it looks', async () => {
    for (let round = 0; round < 30; round++) {
      const looking = removeLeftovers(world.place)
      const folder = abandoned(round + 1, 'draft')
      using entry = recordInLedger('template', `template-${round}`, { folder })
      void entry
      mkdirSync(folder)
      await looking
      expect(existsSync(folder)).toBe(true)
      await rename(folder, join(world.root, `done-${round}`))
    }
  })
})
