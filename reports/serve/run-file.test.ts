// Which files of a run may be shown, and what addresses mean.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { wantedOf } from './route.ts'
import { runFile } from './run-file.ts'
import { openRunFolders } from './run-folders.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-files-'))
  mkdirSync(join(root, 'run-1', 'attempts'), { recursive: true })
  writeFileSync(join(root, 'secret.txt'), 'secret')
  for (const name of ['console.txt', 'page.html', 'picture.svg', 'shot.png'])
    writeFileSync(join(root, 'run-1', 'attempts', name), '<script>alert(1)</script>')
  symlinkSync(join(root, 'secret.txt'), join(root, 'run-1', 'link.txt'))
  symlinkSync(join('attempts', 'page.html'), join(root, 'run-1', 'inside.txt'))
  return () => rmSync(root, { recursive: true, force: true })
})

test.each([
  ['attempts/console.txt', 'text/plain; charset=utf-8'],
  ['attempts/shot.png', 'image/png'],
  // Leads to a page, and is shown as what it is called: text.
  ['inside.txt', 'text/plain; charset=utf-8'],
  ['attempts/page.html', undefined],
  ['attempts/picture.svg', undefined],
  ['link.txt', undefined],
  ['../secret.txt', undefined],
  ['attempts/../../secret.txt', undefined],
  ['/etc/passwd.txt', undefined],
  ['attempts', undefined],
  ['none.txt', undefined],
])('%s', async (path, type) => {
  expect((await runFile(join(root, 'run-1'), path))?.contentType).toBe(type)
})

test('a run is a folder by its very name, or the part of one that a target is', async () => {
  const folders = openRunFolders(root)
  expect(await folders.folderOf('run-1')).toBe('run-1')
  expect(await folders.folderOf('run-1.arm64')).toBe('run-1')
  for (const name of ['..', '.', '', 'run-1/attempts', '../run-1', 'run-10', 'secret.txt'])
    expect(await folders.folderOf(name), name).toBeUndefined()
})

test.each([
  ['/', { kind: 'board' }],
  ['/tests?since=7d', { kind: 'tests', days: 7 }],
  ['/tests?since=0d', { kind: 'tests', days: 1 }],
  ['/test?name=a%2Fb&target=t', { kind: 'trend', test: 'a/b', target: 't', days: 90 }],
  ['/test', undefined],
  ['/compare?before=1', { kind: 'compare', before: '1', after: '' }],
  ['/run/a%2F..%2Fb/', { kind: 'run', run: 'a/../b' }],
  ['/run/a', { kind: 'moved', location: '/run/a/' }],
  ['/run/a/events', { kind: 'run-events', run: 'a' }],
  ['/run/a/x%20y/c.txt', { kind: 'file', run: 'a', path: 'x y/c.txt' }],
  ['/run/a/%2e%2e%2f%2e%2e%2fetc', { kind: 'file', run: 'a', path: '../../etc' }],
  ['/run/a/../../../etc/passwd', undefined],
  ['/run/%00/', undefined],
  ['/run/%ff/', undefined],
  ['//evil.example/', { kind: 'board' }],
  ['/nothing', undefined],
])('the address %s', (address, wanted) => {
  expect(wantedOf(address)).toEqual(wanted)
})
