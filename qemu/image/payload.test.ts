import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { imageFiles, readBuiltImage, type BuiltImage } from './built-image.ts'
import { pruneImages } from './list.ts'
import { brokenPayload, PAYLOADS, payloadDefects, payloadOf } from './payload.ts'
import { buildUki, readUkiSection } from './uki.ts'
import { makeStub } from './uki.test.data.ts'

const hash = 'ab'.repeat(32)
let cache: string
let image: BuiltImage

/** An image of the cache with real boot files around made-up content. */
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'signalbox-payloads-'))
  const folder = join(cache, 'reference-1.0.1-stable-key')
  await mkdir(folder)
  const uki = buildUki(makeStub(4), [
    { name: '.cmdline', data: Buffer.from(`usrhash=${hash} quiet\0`) },
    { name: '.initrd', data: Buffer.alloc(5000, 7) },
  ])
  const contents = { uki, usr: Buffer.alloc(3 << 20, 1) } as Readonly<Record<string, Uint8Array>>
  const files: Record<string, object> = {}
  for (const role of imageFiles) {
    const content = contents[role] ?? Buffer.from(role)
    await writeFile(join(folder, role), content)
    files[role] = { name: role, bytes: content.length }
  }
  const identity = { distro: 'reference', version: '1.0.1', channel: 'stable', architecture: 'x86_64' }
  const rest = {
    buildId: 'b',
    builtAt: '2026-01-01T00:00:00Z',
    digest: 'sha256:1',
    kernelRelease: '6',
    arguments: '',
  }
  const metadata = { format: 1, key: 'key', usrRootHash: hash, ...identity, ...rest, files }
  await writeFile(join(folder, 'image.json'), JSON.stringify(metadata))
  image = await readBuiltImage(folder)
})
afterAll(async () => await rm(cache, { recursive: true, force: true }))

const uuid = 'abababab-abab-abab-abab-abababababab'

test('the payload of an image is its own files, named by the root hash', () => {
  const { version, files, image: fresh } = payloadOf(image)
  expect(version).toBe('1.0.1')
  expect(fresh).toBe(image.image)
  expect(files).toEqual([
    { name: `reference_1.0.1_${uuid}.usr-verity.raw`, path: image.files.verity.path },
    { name: `reference_1.0.1_${uuid}.usr.raw`, path: image.files.usr.path },
    { name: 'reference_1.0.1.efi', path: image.files.uki.path },
  ])
})

test.each(payloadDefects.filter((defect) => defect !== 'empty-usr'))(
  'a payload with %s differs from the good one in one file, is made once, and goes with its image',
  async (defect) => {
    const payload = await brokenPayload(image, defect, cache)
    const good = payloadOf(image).files.map(({ path }) => path)
    const own = payload.files.map(({ path }) => path).filter((path) => !good.includes(path))
    expect(own).toHaveLength(1)
    expect(await brokenPayload(image, defect, cache)).toEqual(payload)
    expect(await readdir(join(cache, PAYLOADS))).toContain(`key-${defect}`)
  },
)

test('a wrong root hash is that of the boot files and of the names alike', async () => {
  const { files } = await brokenPayload(image, 'wrong-root-hash', cache)
  const uki = await readFile(files[2]?.path ?? '')
  const text = Buffer.from(readUkiSection(uki, '.cmdline') ?? []).toString('latin1')
  const asked = /usrhash=([0-9a-f]{64}) quiet/.exec(text)?.[1] ?? ''
  expect(asked).not.toBe(hash)
  expect(files[1]?.name.replaceAll('-', '')).toContain(asked.slice(0, 32))
  expect(files[0]?.name.replaceAll('-', '')).toContain(asked.slice(32))
})

test('blocks of a corrupt /usr are spoilt behind its superblock, and its size stays', async () => {
  const { files } = await brokenPayload(image, 'corrupt-usr', cache)
  const spoilt = await readFile(files[1]?.path ?? '')
  const good = await readFile(image.files.usr.path)
  expect(spoilt.length).toBe(good.length)
  expect(spoilt.subarray(0, 1 << 20).equals(good.subarray(0, 1 << 20))).toBe(true)
  expect(spoilt.equals(good)).toBe(false)
})

test('payloads are pruned with their image, and with no other', async () => {
  await brokenPayload(image, 'kernel-panic', cache)
  await mkdir(join(cache, PAYLOADS, '.making-killed'))
  await pruneImages({ cache, keep: 1 })
  expect(await readdir(join(cache, PAYLOADS))).toContain('key-kernel-panic')
  expect(await readdir(join(cache, PAYLOADS))).not.toContain('.making-killed')
  await pruneImages({ cache, keep: 0 })
  expect(await readdir(join(cache, PAYLOADS))).toEqual([])
})
