// A template's way: built whole or not at all, found by its key, dropped as soon as it is not what was saved.

import { randomFillSync } from 'node:crypto'
import {
  appendFile,
  chmod,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sleep } from '../../harness/deadline.ts'
import { readLedger } from '../../harness/ledger.ts'
import { readRecord, RECORD_VERSION, writeRecord, type TemplateRecord } from './record.ts'
import { listTemplates, lookForTemplate } from './store.ts'
import { keyOf, requireTemplate, useTemplateWorld } from './template-world.test.fixture.ts'

const world = useTemplateWorld()
const KEY = keyOf(0xabc)
const inPlace = async (): Promise<readonly string[]> => (await readdir(world.place.folder)).toSorted()

test('what was built and published is found, read-only and as it was', async () => {
  expect(await listTemplates([world.place])).toEqual([])
  await using draft = await world.draft(KEY)
  expect(draft.folder).toMatch(new RegExp(`^${world.place.folder}/${KEY}\\.[0-9a-f]{8}\\.draft$`))
  expect(readLedger()).toMatchObject([{ kind: 'template', ownerAlive: true, data: { folder: draft.folder } }])
  const published = await draft.publish({ memoryMiB: 64 }, { bootId: 'b' })
  await draft[Symbol.asyncDispose]()
  expect([await inPlace(), readLedger()]).toEqual([[KEY], []])
  expect(published.folder).toBe(draft.finalFolder)

  const found = requireTemplate(await world.claim(KEY))
  expect(found.folder).toBe(join(world.place.folder, KEY))
  expect(found.record).toEqual(published.record)
  expect(found.record).toMatchObject({ key: KEY, facts: { memoryMiB: 64 }, notes: { bootId: 'b' } })
  expect(Object.keys(found.record.files)).toEqual(['memory'])
  expect(await readFile(join(found.folder, 'memory'), 'utf8')).toBe(`memory of ${KEY}`)
  expect([await found.damage(), await found.verify()]).toEqual([undefined, undefined])
  expect((await listTemplates([world.place])).map(({ record }) => record.key)).toEqual([KEY])

  for (const name of await readdir(found.folder))
    expect([name, (await stat(join(found.folder, name))).mode & 0o777]).toEqual([name, 0o400])
  expect((await stat(found.folder)).mode & 0o777).toBe(0o700)
})

test('being found is being used', async () => {
  const { folder } = await world.build(KEY)
  await utimes(folder, 1000, 1000)
  await world.claim(KEY)
  expect(Date.now() - (await stat(folder)).mtimeMs).toBeLessThan(60_000)
})

test('a draft that is given up leaves nothing, and the next one may try', async () => {
  const draft = await world.draft(KEY)
  await draft[Symbol.asyncDispose]()
  expect([await inPlace(), readLedger()]).toEqual([[], []])
  await world.build(KEY)
  expect(await inPlace()).toEqual([KEY])
})

test('a template under the name of another key is none', async () => {
  const { folder } = await world.build(KEY)
  await rename(folder, join(world.place.folder, keyOf(2)))
  expect((await world.claim(keyOf(2))).kind).toBe('draft')
})

const rewriteRecord = async (folder: string, change: (text: string) => string): Promise<void> => {
  const path = join(folder, 'template.json')
  await chmod(path, 0o600)
  await writeFile(path, change(await readFile(path, 'utf8')))
}

describe.each<[string, (folder: string) => Promise<void>]>([
  ['truncated', async (folder) => await truncate(join(folder, 'memory'), 100)],
  ['appended to', async (folder) => await appendFile(join(folder, 'memory'), 'x')],
  [
    'changed by one bit, its time put back',
    async (folder) => {
      const path = join(folder, 'memory')
      const { atime, mtime } = await stat(path)
      await using file = await open(path, 'r+')
      await file.write(Buffer.from([1]), 0, 1, 500)
      await utimes(path, atime, mtime)
    },
  ],
  ['without a file', async (folder) => await rm(join(folder, 'memory'))],
  ['without a record', async (folder) => await rm(join(folder, 'template.json'))],
  ['with half a record', async (folder) => await truncate(join(folder, 'template.json'), 200)],
  ['with an empty record', async (folder) => await truncate(join(folder, 'template.json'), 0)],
  [
    'with one bit of its notes changed',
    async (folder) => await rewriteRecord(folder, (text) => text.replace('ed25519', 'ed25518')),
  ],
  [
    'of another version',
    async (folder) => {
      const record = await readRecord(folder)
      await rm(join(folder, 'template.json'))
      const older = { ...record, version: RECORD_VERSION - 1 }
      await writeRecord(folder, older as TemplateRecord)
    },
  ],
  ['with null for a record', async (folder) => await rewriteRecord(folder, () => 'null')],
])('a template %s', (_, damage) => {
  test('is never handed out, and does not stand in the way of the next one', async () => {
    const { folder } = await world.build(KEY, randomFillSync(Buffer.alloc(1000)))
    await sleep(20)
    await damage(folder)
    await using draft = await world.draft(KEY)
    expect((await inPlace()).filter((name) => !/\.(lock|draft)/.test(name))).toEqual([])
    await draft.publish({}, { made: 'anew' })
    await draft[Symbol.asyncDispose]()
    expect(await inPlace()).toEqual([KEY])
    expect(requireTemplate(await world.claim(KEY)).record.notes).toEqual({ made: 'anew' })
  })
})

test('damage that does not show from outside is found by reading', async () => {
  const { folder, record } = await world.build(KEY, Buffer.alloc(1000, 7))
  const { memory } = record.files
  if (memory === undefined) expect.unreachable()
  await rm(join(folder, 'template.json'))
  // As if the file had been read wrongly when it was sealed, or the disk had changed a bit by itself.
  await writeRecord(folder, { ...record, files: { memory: { ...memory, parts: [[0, 1]] } } })
  const template = requireTemplate(await world.claim(KEY))
  expect(await template.damage()).toBeUndefined()
  expect(await template.verify()).toMatch(/^memory: its checksum is wrong/)
  await expect(template.verify(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
})

test('who holds a template open goes on when it is dropped', async () => {
  const template = await world.build(KEY)
  await using file = await open(join(template.folder, 'memory'))
  await template.drop()
  await template.drop()
  expect(await inPlace()).toEqual([])
  expect((await file.readFile()).toString()).toBe(`memory of ${KEY}`)
  expect(await template.damage()).toBe('memory: it is gone')
})

test('a refusal is remembered, for this key alone', async () => {
  {
    await using draft = await world.draft(KEY)
    await draft.refuse('it never comes to rest')
  }
  expect(await world.claim(KEY)).toEqual({ kind: 'none', reason: 'it never comes to rest' })
  expect(await inPlace()).toEqual([`${KEY}.refused`])
  expect((await world.claim(keyOf(2))).kind).toBe('draft')
  // Torn: as if it were not there.
  await truncate(join(world.place.folder, `${KEY}.refused`), 5)
  expect((await world.claim(KEY)).kind).toBe('draft')
})

describe('without room', () => {
  test('there is none, and why', async () => {
    const places = [{ ...world.place, limitBytes: 1000 }]
    expect(await world.claim(KEY, { places, bytes: 3 * 1024 * 1024 - 1 })).toEqual({
      kind: 'none',
      reason: 'no room for 3 MiB of template',
    })
    expect([await inPlace(), readLedger()]).toEqual([[], []])
  })

  test('nor with more than the disk has', async () => {
    const places = [{ ...world.place, limitBytes: Number.POSITIVE_INFINITY }]
    expect((await world.claim(KEY, { places, bytes: 2 ** 52 })).kind).toBe('none')
  })

  test('nor without a place', async () => {
    const reason = 'there is no place for templates'
    expect(await world.claim(KEY, { places: [] })).toEqual({ kind: 'none', reason })
  })

  test('nor where no folder can be made', async () => {
    await writeFile(join(world.root, 'file'), '')
    const places = [{ ...world.place, folder: join(world.root, 'file', 'templates') }]
    expect(await world.claim(KEY, { places })).toEqual({
      kind: 'none',
      reason: expect.stringMatching(/ENOTDIR/),
    })
  })

  test('in the first place, the second one is taken, and looked into', async () => {
    const second = { ...world.place, folder: join(world.root, 'second') }
    await writeFile(join(world.root, 'file'), '')
    const broken = { ...world.place, folder: join(world.root, 'file', 'templates') }
    const places = [broken, { ...world.place, limitBytes: 1000 }, second]
    const { folder } = await world.build(KEY, undefined, { places })
    expect(folder).toBe(join(second.folder, KEY))
    expect(requireTemplate(await world.claim(KEY, { places })).folder).toBe(folder)
  })
})

test('a look finds what a claim would, and changes nothing', async () => {
  const look = async (key: string) => await lookForTemplate(key, [world.place])
  expect(await look(KEY)).toEqual({ kind: 'absent' })
  expect(await inPlace()).toEqual([])
  await world.build(KEY)
  const used = new Date(1_000_000_000_000)
  await utimes(join(world.place.folder, KEY), used, used)
  expect(await look(KEY)).toMatchObject({ kind: 'template', template: { record: { key: KEY } } })
  // The time of last use is for those who use it.
  expect((await stat(join(world.place.folder, KEY))).mtime).toEqual(used)
  await rm(join(world.place.folder, KEY, 'memory'), { force: true })
  expect(await look(KEY)).toEqual({ kind: 'absent' })
  expect(await inPlace()).toContain(KEY)
  const other = keyOf(0xdef)
  {
    await using draft = await world.draft(other)
    expect(await look(other)).toEqual({ kind: 'absent' })
    await draft.refuse('it never comes to rest')
  }
  expect(await look(other)).toEqual({ kind: 'none', reason: 'it never comes to rest' })
})
