import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { findExternalTests, registryName, type ExternalTest } from './find.ts'

const worlds: string[] = []
afterAll(() => {
  for (const world of worlds) rmSync(world, { recursive: true, force: true })
})

/** A project called `proj`; a name that ends with `*` is executable, a content that begins with `->` is a link. */
function project(files: Readonly<Record<string, string>>): string {
  const world = mkdtempSync(join(tmpdir(), 'signalbox-ext-'))
  worlds.push(world)
  const root = join(world, 'proj')
  mkdirSync(root)
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name.replace(/\*$/, ''))
    mkdirSync(dirname(path), { recursive: true })
    if (content.startsWith('->')) symlinkSync(content.slice(2), path)
    else {
      writeFileSync(path, content)
      chmodSync(path, name.endsWith('*') ? 0o755 : 0o644)
    }
  }
  return root
}

const byName = (tests: readonly ExternalTest[]): Readonly<Record<string, ExternalTest>> =>
  Object.fromEntries(tests.map((test) => [test.name, test]))

const SCRIPT = '#!/bin/bash\n'

it('names tests as kola does', () => {
  const root = project({
    'tests/kola/basic*': SCRIPT,
    'tests/kola/a/test.sh*': SCRIPT,
    'tests/kola/b/test.sh*': SCRIPT,
    'tests/kola/b/other*': SCRIPT,
    'tests/kola/c/d/only*': SCRIPT,
    'tests/kola/README.md': 'no test',
    'elsewhere*': SCRIPT,
  })
  expect(
    findExternalTests(root)
      .tests.map(({ kolaName }) => kolaName)
      .toSorted(),
  ).toEqual(['ext.proj.a', 'ext.proj.b.other', 'ext.proj.b.test.sh', 'ext.proj.basic', 'ext.proj.c.d.only'])
})

it('looks everywhere in a folder without tests/kola, but not in what is hidden', () => {
  const root = project({ 'x/one*': SCRIPT, '.git/hooks/pre-commit*': SCRIPT, 'node_modules/m/bin*': SCRIPT })
  expect(findExternalTests(root).tests.map(({ name }) => name)).toEqual(['ext.proj.x.one'])
})

it('takes along config, data and kola.json, the header over it', () => {
  const root = project({
    'tests/kola/t/one*': '#!/bin/bash\n## kola:\n##   tags: own\n',
    'tests/kola/t/two*': SCRIPT,
    'tests/kola/t/kola.json': '{"tags": "all", "minDisk": 9}',
    'tests/kola/t/config.bu': 'variant: fcos',
    'tests/kola/t/data': '->../shared',
    'tests/kola/shared/lib.sh': 'x',
  })
  const tests = byName(findExternalTests(root).tests)
  expect(tests['ext.proj.t.one']).toMatchObject({
    meta: { tags: ['own'], minDisk: 9 },
    line: 2,
    config: 'variant: fcos',
    dataFolder: join(root, 'tests/kola/shared'),
  })
  expect(tests['ext.proj.t.two']?.meta).toEqual({ tags: ['all'], minDisk: 9 })
})

it('makes valid names of odd ones, and tells apart what becomes equal', () => {
  expect(registryName('ext.My Project.Über-Test.sh')).toBe('ext.my-project.ber-test.sh')
  expect(registryName(`ext.${'x'.repeat(200)}`)).toHaveLength(120)
  const root = project({ 'A b*': SCRIPT, 'a_b*': SCRIPT, 'a-b*': SCRIPT })
  const names = findExternalTests(root).tests.map(({ name }) => name)
  expect(new Set(names).size).toBe(3)
  expect(names).toContain('ext.proj.a_b')
  for (const name of names) expect(name).toMatch(/^ext\.proj\.a[_-]b(-[0-9a-f]{8})?$/)
})

it('warns of a script that is not executable', () => {
  const root = project({ 'one*': SCRIPT, forgotten: SCRIPT })
  expect(findExternalTests(root).warnings).toEqual([expect.stringMatching(/forgotten .*not executable/)])
})

it.each([
  [{ 'a*': SCRIPT, 'data/lib': '->/etc/hostname' }, undefined],
  [{ 'a*': SCRIPT, data: '->/etc' }, /data is a link to \/etc, outside of/],
  [{ 'a*': '->/bin/true' }, /a\* ?is a link|is a link to .*outside of/],
  [{ 'a*': SCRIPT, gone: '->nowhere' }, /gone cannot be read.*/],
  [{ 'a*': SCRIPT, 'config.ign': '{}', 'config.bu': 'x' }, /both a config.ign and a config.bu/],
  [{ README: 'x' }, /no executable file/],
])('refuses %j', (files, message) => {
  const root = project(files)
  if (message === undefined) expect(() => findExternalTests(root)).not.toThrow()
  else expect(() => findExternalTests(root)).toThrow(message)
})

it('ends with links that lead back', () => {
  const root = project({ 'x/one*': SCRIPT, 'x/loop': '->..' })
  expect(findExternalTests(root).tests.map(({ name }) => name)).toEqual(['ext.proj.x.one'])
})

it('says that a folder is missing', () => {
  expect(() => findExternalTests('/nonexistent')).toThrow('there is no folder /nonexistent')
})
