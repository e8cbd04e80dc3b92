import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { osRelease } from './os-release.ts'
import { recipeFolder } from './recipe.ts'
import { droppedUnits, maskedUnits, unwiredUnits, wiredUnits } from './units.ts'

test('no unit is both started and left out, and our own units exist', () => {
  const out = new Set([...unwiredUnits, ...maskedUnits, ...droppedUnits])
  for (const [unit] of wiredUnits) {
    expect(out.has(unit), unit).toBe(false)
    if (!unit.startsWith('reference-')) continue
    expect(existsSync(join(recipeFolder, 'guest/usr/lib/systemd/system', unit)), unit).toBe(true)
  }
})

test('every script of the recipe is executable, and only scripts are', async () => {
  for (const name of await readdir(recipeFolder, { recursive: true })) {
    const path = join(recipeFolder, name)
    const found = await stat(path)
    if (!found.isFile()) continue
    const isScript = (await readFile(path, 'utf8')).startsWith('#!')
    expect((found.mode & 0o111) !== 0, name).toBe(isScript)
  }
})

test('two versions differ in os-release only where they say so', () => {
  const text = osRelease({ version: '1.0.0', channel: 'beta', buildId: 'abc' })
  expect(text).toContain('ID=reference\n')
  expect(text).toContain('VERSION_ID=1.0.0\n')
  expect(text).toContain('SIGNALBOX_CHANNEL=beta\n')
  expect(text.replaceAll('1.0.0', '1.0.1')).toBe(
    osRelease({ version: '1.0.1', channel: 'beta', buildId: 'abc' }),
  )
})
