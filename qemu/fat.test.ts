import { expect, test } from 'vitest'
import { readFatFolder, type ReadAt } from './fat.ts'
import { espWith } from './fat.test.data.ts'

const reading =
  (bytes: Buffer): ReadAt =>
  async (offset, length) =>
    await Promise.resolve(bytes.subarray(offset, offset + length))

test('files of a folder come with their first bytes, over several clusters', async () => {
  const content = Buffer.alloc(1300, 7)
  content.write('MZ')
  const esp = espWith({ 'BOOTAA64.EFI': content, 'README.TXT': Buffer.from('hello') })
  const files = await readFatFolder(reading(esp), ['EFI', 'BOOT'], 1200)
  expect([...files.keys()]).toEqual(['BOOTAA64.EFI', 'README.TXT'])
  expect(files.get('BOOTAA64.EFI')).toEqual(content.subarray(0, 1200))
  expect(await readFatFolder(reading(esp), ['EFI', 'LINUX'], 10)).toEqual(new Map())
  expect(await readFatFolder(reading(esp), ['EFI', 'BOOT', 'README.TXT'], 10)).toEqual(new Map())
})

test('what is no FAT, cut off or damaged gives less, and never hangs', async () => {
  const esp = espWith({ 'BOOTX64.EFI': Buffer.alloc(5000, 1) })
  expect(await readFatFolder(reading(Buffer.alloc(0)), ['EFI'], 10)).toEqual(new Map())
  expect(await readFatFolder(reading(Buffer.alloc(4096, 0xff)), ['EFI'], 10)).toEqual(new Map())
  for (let at = 0; at < 600; at++) {
    const before = esp[at] ?? 0
    esp[at] = 0xff
    await readFatFolder(reading(esp), ['EFI', 'BOOT'], 5000)
    esp[at] = before
    await readFatFolder(reading(esp.subarray(0, at * 32)), ['EFI', 'BOOT'], 5000)
  }
  // Every cluster leads to the folder's own: a ring.
  const ring = Buffer.from(esp)
  for (let entry = 2; entry < 40; entry++) ring.writeUInt16LE(2, 512 + entry * 2)
  expect((await readFatFolder(reading(ring), ['EFI'], 10)).size).toBeLessThan(20_000)
})
