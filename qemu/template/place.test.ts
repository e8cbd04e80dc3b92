// Where templates may lie, and where not.

import { chown, mkdir, stat, symlink } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freeBytes, preparePlace, templatePlaces } from './place.ts'
import { useTemplateWorld } from './template-world.test.fixture.ts'

const world = useTemplateWorld()
const MEBIBYTE = 1024 * 1024
const isRoot = process.getuid?.() === 0

test('memory first, then the cache; both bounded', () => {
  expect(templatePlaces({ SIGNALBOX_CACHE: '/c' })).toEqual([
    {
      kind: 'memory',
      folder: `/dev/shm/signalbox-${process.getuid?.()}/templates`,
      limitBytes: totalmem() / 4,
    },
    { kind: 'disk', folder: '/c/templates', limitBytes: 8192 * MEBIBYTE },
  ])
})

test.each([
  ['100', 100],
  ['0', 8192],
  ['-1', 8192],
  ['much', 8192],
  ['', 8192],
])('SIGNALBOX_TEMPLATE_MIB=%j allows %d MiB on disk', (limit, mebibytes) => {
  const [, disk] = templatePlaces({ SIGNALBOX_CACHE: '/c', SIGNALBOX_TEMPLATE_MIB: limit })
  expect(disk?.limitBytes).toBe(mebibytes * MEBIBYTE)
})

test('SIGNALBOX_TEMPLATES is the only place', () => {
  const env = { SIGNALBOX_CACHE: '/c', SIGNALBOX_TEMPLATES: '/t', SIGNALBOX_TEMPLATE_MIB: '5' }
  expect(templatePlaces(env)).toEqual([{ kind: 'disk', folder: '/t', limitBytes: 5 * MEBIBYTE }])
})

test('a place is made private', async () => {
  const place = { ...world.place, folder: join(world.root, 'a', 'b') }
  await preparePlace(place)
  await preparePlace(place)
  expect((await stat(place.folder)).mode & 0o777).toBe(0o700)
})

test.each(['memory', 'disk'] as const)('a link is no place (%s)', async (kind) => {
  const folder = join(world.root, 'link')
  await symlink(world.place.folder, folder)
  await expect(preparePlace({ ...world.place, kind, folder })).rejects.toMatchObject({
    code: 'folder-not-ours',
    message: expect.stringContaining(folder),
  })
})

test('nor is in memory a folder below one', async () => {
  const above = join(world.root, 'link')
  await symlink(world.place.folder, above)
  const place = { ...world.place, folder: join(above, 'templates') }
  await expect(preparePlace({ ...place, kind: 'memory' })).rejects.toMatchObject({ code: 'folder-not-ours' })
  // Somebody's own cache may well lie behind a link.
  await expect(preparePlace(place)).resolves.toBeUndefined()
})

test.runIf(isRoot)("nor is somebody else's folder, nor one below it", async () => {
  const folder = join(world.root, 'theirs', 'templates')
  await mkdir(folder, { recursive: true })
  await chown(join(world.root, 'theirs'), 12_345, 12_345)
  const place = { kind: 'memory', folder, limitBytes: MEBIBYTE } as const
  await expect(preparePlace(place)).rejects.toMatchObject({ code: 'folder-not-ours' })
  expect(await world.claim('0'.repeat(64), { places: [place] })).toEqual({
    kind: 'none',
    reason: `${join(world.root, 'theirs')} is not a folder of this user`,
  })
})

test('what is free in memory leaves the host a GiB', async () => {
  const before = process.availableMemory()
  const onDisk = await freeBytes(world.place)
  const inMemory = await freeBytes({ ...world.place, kind: 'memory' })
  expect(onDisk).toBeGreaterThan(0)
  expect(inMemory).toBeLessThanOrEqual(onDisk)
  // What is available moves a little in between.
  expect(inMemory).toBeLessThan(Math.max(before, process.availableMemory()) - 700 * MEBIBYTE)
})
