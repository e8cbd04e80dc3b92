import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { imageFiles, loadImage, readBuiltImage, type ImageMetadata } from './built-image.ts'
import { listImages, pruneImages } from './list.ts'

async function makeCache(stack: AsyncDisposableStack): Promise<string> {
  const cache = await mkdtemp(join(tmpdir(), 'signalbox-images-'))
  stack.defer(async () => await rm(cache, { recursive: true, force: true }))
  return cache
}

async function makeImage(cache: string, key: string, builtAt: string): Promise<string> {
  const folder = join(cache, `reference-1.0.0-stable-${key}`)
  await mkdir(folder)
  for (const role of imageFiles) await writeFile(join(folder, `${role}.bin`), role)
  const files = Object.fromEntries(
    imageFiles.map((role) => [role, { name: `${role}.bin`, bytes: role.length }]),
  )
  const metadata: ImageMetadata = {
    format: 1,
    key,
    distro: 'reference',
    version: '1.0.0',
    channel: 'stable',
    architecture: 'x86_64',
    buildId: 'b1',
    builtAt,
    digest: 'sha256:00',
    usrRootHash: 'aa',
    kernelRelease: '6.12',
    arguments: 'usrhash=aa quiet',
    files: files as ImageMetadata['files'],
  }
  await writeFile(join(folder, 'image.json'), JSON.stringify(metadata))
  return folder
}

test('a built image reads back, from its folder or its image.json', async () => {
  await using stack = new AsyncDisposableStack()
  const folder = await makeImage(await makeCache(stack), 'k1', '2026-01-01T00:00:00Z')
  const built = await readBuiltImage(folder)
  expect(built).toMatchObject({ folder, key: 'k1', usrRootHash: 'aa' })
  const image = await loadImage(join(folder, 'image.json'))
  expect(image.identity).toMatchObject({
    distro: 'reference',
    version: '1.0.0',
    channel: 'stable',
    buildId: 'b1',
  })
  expect(image.disk).toEqual({ path: join(folder, 'disk.bin'), format: 'raw' })
  // On every boot: the guest itself remembers that Ignition ran.
  expect(image.direct?.arguments).toBe('usrhash=aa quiet ignition.firstboot=1 ignition.platform.id=qemu')
  expect(image.direct?.firstBootArguments).toBe('')
  expect(image.features).toEqual([])
})

test('an image says which flavour it is and what that brings', async () => {
  await using stack = new AsyncDisposableStack()
  const folder = await makeImage(await makeCache(stack), 'k1', '2026-01-01T00:00:00Z')
  const path = join(folder, 'image.json')
  const metadata = JSON.parse(await readFile(path, 'utf8')) as ImageMetadata
  const write = async (more: object): Promise<void> =>
    await writeFile(path, JSON.stringify({ ...metadata, ...more }))
  await write({ flavour: 'services', features: ['etcd', 'podman'] })
  expect(await readBuiltImage(folder)).toMatchObject({
    flavour: 'services',
    image: { features: ['etcd', 'podman'] },
  })
  // Of a flavour that this version does not know, what it brings is still true.
  await write({ flavour: 'unheard-of', features: ['more'] })
  const later = await readBuiltImage(folder)
  expect(later.flavour).toBeUndefined()
  expect(later.image.features).toEqual(['more'])
  await write({ features: 'etcd' })
  await expect(readBuiltImage(folder)).rejects.toThrow(/not the metadata/)
})

test('a missing, truncated, foreign or escaping image is a usage error that says which file', async () => {
  await using stack = new AsyncDisposableStack()
  const cache = await makeCache(stack)
  await expect(readBuiltImage(join(cache, 'none'))).rejects.toMatchObject({
    name: 'UsageError',
    code: 'image-missing',
  })
  const folder = await makeImage(cache, 'k1', '2026-01-01T00:00:00Z')
  await truncate(join(folder, 'initrd.bin'), 2)
  await expect(readBuiltImage(folder)).rejects.toThrow(
    /initrd\.bin.*truncated or changed: 2 bytes, expected 6/,
  )
  await writeFile(join(folder, 'image.json'), '{"format":1')
  await expect(readBuiltImage(folder)).rejects.toThrow(/not JSON/)
  await writeFile(
    join(folder, 'image.json'),
    JSON.stringify({ format: 1, distro: 'reference', architecture: 'x86_64' }),
  )
  await expect(readBuiltImage(folder)).rejects.toMatchObject({ code: 'image-broken' })
})

test('the list is newest first and skips what is broken; pruning keeps the newest', async () => {
  await using stack = new AsyncDisposableStack()
  const cache = await makeCache(stack)
  await makeImage(cache, 'old', '2026-01-01T00:00:00Z')
  await makeImage(cache, 'new', '2026-03-01T00:00:00Z')
  await makeImage(cache, 'mid', '2026-02-01T00:00:00Z')
  await mkdir(join(cache, '.building-dead'))
  await mkdir(join(cache, 'broken'))
  expect((await listImages(cache)).map((image) => image.key)).toEqual(['new', 'mid', 'old'])
  await expect(pruneImages({ cache, keys: ['nix'] })).rejects.toMatchObject({ code: 'unknown-image' })
  const removed = await pruneImages({ cache, keep: 2 })
  expect(removed).toEqual([join(cache, 'reference-1.0.0-stable-old'), join(cache, '.building-dead')])
  expect((await listImages(cache)).map((image) => image.key)).toEqual(['new', 'mid'])
})
