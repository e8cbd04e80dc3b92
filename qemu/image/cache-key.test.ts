import { chmod, cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { imageKey, type ImageQuery } from './cache-key.ts'
import { execCommand } from '../../harness/process.ts'
import { recipeFolder } from './recipe.ts'

const query: ImageQuery = { version: '1.0.0', channel: 'stable', architecture: 'x86_64' }

test('the key is stable, and changes with version, channel and every byte and mode of the recipe', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-recipe-'))
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(async () => await rm(folder, { recursive: true }))
  await cp(recipeFolder, folder, { recursive: true })
  const key = await imageKey(query, folder)
  expect(key).toMatch(/^[0-9a-f]{20}$/)
  expect(await imageKey(query)).toBe(key)
  expect(await imageKey({ ...query, version: '1.0.1' }, folder)).not.toBe(key)
  expect(await imageKey({ ...query, channel: 'beta' }, folder)).not.toBe(key)
  expect(await imageKey({ ...query, architecture: 'arm64' }, folder)).not.toBe(key)
  const flavoured = await imageKey({ ...query, flavour: 'services' }, folder)
  expect(flavoured).not.toBe(key)
  expect(await imageKey({ ...query, flavour: 'services', variant: 'unhealthy' }, folder)).not.toBe(flavoured)
  await writeFile(join(folder, 'guest/etc/new'), 'x')
  const withFile = await imageKey(query, folder)
  expect(withFile).not.toBe(key)
  await chmod(join(folder, 'guest/etc/new'), 0o755)
  expect(await imageKey(query, folder)).not.toBe(withFile)
})

test('the key is the same here as for the command line, so that one image serves both', async () => {
  const program = `import { imageKey } from ${JSON.stringify(new URL('cache-key.ts', import.meta.url).href)}
    console.log(await imageKey(${JSON.stringify(query)}))`
  const { stdout } = await execCommand(process.execPath, ['--input-type=module', '-e', program])
  expect(stdout.trim()).toBe(await imageKey(query))
})
