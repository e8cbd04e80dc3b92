import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, expect, it } from 'vitest'
import { layOut, tarOf, type BundleFile } from './bundle.ts'
import { findExternalTests } from './find.ts'

const world = mkdtempSync(join(tmpdir(), 'signalbox-bundle-'))
afterAll(() => rmSync(world, { recursive: true, force: true }))

let count = 0

/** A project `p`; what is under `x/` is executable, a content that begins with `->` is a link. */
function project(files: Readonly<Record<string, string>>): string {
  const root = join(world, String((count += 1)), 'p')
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name)
    mkdirSync(dirname(path), { recursive: true })
    if (content.startsWith('->')) symlinkSync(content.slice(2), path)
    else {
      writeFileSync(path, content)
      chmodSync(path, name.startsWith('x/') && !name.includes('/data/') ? 0o755 : 0o640)
    }
  }
  return root
}

/** Unpacks with the system's tar, as a guest does. */
async function unpack(files: readonly BundleFile[]): Promise<string> {
  const folder = join(world, `out-${(count += 1)}`)
  mkdirSync(folder)
  execFileSync('tar', ['-x', '--no-same-owner', '-C', folder, '-f', '-'], {
    input: await buffer(tarOf(files)),
  })
  return folder
}

it('lays out programs and data, odd names and links included', async () => {
  const long = `${'d'.repeat(90)}/${'f'.repeat(120)}`
  const root = project({
    'x/one': '#!/bin/sh\n',
    'x/data/lib': 'lib',
    'x/data/-rf': 'dash',
    "x/data/it's a \u00fc \n name": 'odd',
    [`x/data/${long}`]: 'long',
    'x/data/linked': '->../../shared/file',
    'x/data/folder': '->../../shared',
    'x/data/loop': '->.',
    'shared/file': 'from elsewhere',
  })
  mkdirSync(join(root, 'x/data/empty'))
  const { tests } = findExternalTests(root)
  const { files, places } = layOut(tests)
  expect(places.get('ext.p.x.one')).toEqual({ program: 'kola-runext-one', data: 'extdata' })
  const out = await unpack(files)
  const data = (name: string): string => readFileSync(join(out, 'var/opt/kola/extdata', name), 'utf8')
  expect(readFileSync(join(out, 'signalbox-programs/kola-runext-one'), 'utf8')).toBe('#!/bin/sh\n')
  expect(lstatSync(join(out, 'signalbox-programs/kola-runext-one')).mode & 0o777).toBe(0o755)
  expect(['lib', '-rf', "it's a \u00fc \n name", long, 'linked', 'folder/file'].map(data)).toEqual([
    'lib',
    'dash',
    'odd',
    'long',
    'from elsewhere',
    'from elsewhere',
  ])
  expect(lstatSync(join(out, 'var/opt/kola/extdata/linked')).isSymbolicLink()).toBe(false)
  expect(lstatSync(join(out, 'var/opt/kola/extdata/empty')).isDirectory()).toBe(true)
})

it('keeps tests of one machine apart, and their common data once', () => {
  const root = project({
    'x/a/test.sh': '#!/bin/sh\n',
    'x/a/data': '->../../shared',
    'x/b/test.sh': '#!/bin/sh\n',
    'x/b/data': '->../../shared',
    'x/c/test.sh': '#!/bin/sh\n',
    'x/c/data/own': 'own',
    'shared/lib': 'lib',
  })
  const { files, places } = layOut(findExternalTests(root).tests)
  expect(Object.fromEntries(places)).toEqual({
    'ext.p.x.a': { program: 'kola-runext-test.sh', data: 'extdata-1' },
    'ext.p.x.b': { program: 'kola-runext-test.sh-1', data: 'extdata-1' },
    'ext.p.x.c': { program: 'kola-runext-test.sh-2', data: 'extdata-2' },
  })
  expect(files.filter(({ name }) => name.endsWith('/lib'))).toHaveLength(1)
})

it('does not follow a link out of the project', () => {
  const root = project({ 'x/one': '#!/bin/sh\n', 'x/data/secret': '->/etc/passwd' })
  const { tests } = findExternalTests(root)
  expect(() => layOut(tests)).toThrow(/secret is a link to \/etc\/passwd, outside of/)
})

it('fails when a file changes its length while it is sent', async () => {
  const root = project({ 'x/one': '#!/bin/sh\n' })
  const { files } = layOut(findExternalTests(root).tests)
  writeFileSync(join(root, 'x/one'), '#!/bin/sh\n# longer now\n')
  await expect(buffer(tarOf(files))).rejects.toThrow()
})
