import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { buildExtension } from './extension.ts'

const release = { ID: 'reference', VERSION_ID: '1.0.0' }

const isInstalled = (process.env['PATH'] ?? '')
  .split(delimiter)
  .some((folder) => existsSync(join(folder, 'mkfs.erofs')))

test.skipIf(!isInstalled)(
  'an extension holds its files, with their modes, and its release (needs erofs-utils)',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-extension-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const image = join(folder, 'tool.raw')
    writeFileSync(
      image,
      await buildExtension({
        name: 'tool_1.0.0',
        release,
        files: {
          'usr/bin/tool': { content: '#!/bin/sh\n', mode: 0o755 },
          'usr/share/tool/data': Buffer.from([0, 255]),
        },
      }),
    )
    const tree = join(folder, 'tree')
    execFileSync('fsck.erofs', [`--extract=${tree}`, image], { stdio: 'ignore' })
    expect(readFileSync(join(tree, 'usr/lib/extension-release.d/extension-release.tool_1.0.0'), 'utf8')).toBe(
      'ID=reference\nVERSION_ID=1.0.0\n',
    )
    expect(statSync(join(tree, 'usr/bin/tool')).mode & 0o777).toBe(0o755)
    expect([...readFileSync(join(tree, 'usr/share/tool/data'))]).toEqual([0, 255])
    expect(statSync(join(tree, 'usr')).mode & 0o777).toBe(0o755)
  },
)

test.skipIf(!isInstalled)('a configuration extension holds /etc (needs erofs-utils)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-extension-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const image = join(folder, 'tool.raw')
  const files = { 'etc/tool.conf': 'a = b\n' }
  writeFileSync(image, await buildExtension({ kind: 'confext', name: 'tool', release, files }))
  const tree = join(folder, 'tree')
  execFileSync('fsck.erofs', [`--extract=${tree}`, image], { stdio: 'ignore' })
  expect(readFileSync(join(tree, 'etc/tool.conf'), 'utf8')).toBe('a = b\n')
  expect(readFileSync(join(tree, 'etc/extension-release.d/extension-release.tool'), 'utf8')).toContain(
    'ID=reference\n',
  )
})

test('a file of a configuration extension at usr/bin/tool is refused: only /etc is merged', async () => {
  const built = buildExtension({ kind: 'confext', name: 'tool', release, files: { 'usr/bin/tool': '' } })
  await expect(built).rejects.toMatchObject({ code: 'bad-extension' })
})

test.each(['etc/tool.conf', '../usr/bin/tool', '/usr/bin/tool', 'usr/../etc/passwd'])(
  'a file at %s is refused: only /usr is merged',
  async (path) => {
    const built = buildExtension({ name: 'tool', release, files: { [path]: '' } })
    await expect(built).rejects.toMatchObject({ code: 'bad-extension' })
  },
)

test('a name that would lead elsewhere is refused', async () => {
  await expect(buildExtension({ name: '../tool', release, files: {} })).rejects.toThrow(
    /no name of an extension/,
  )
})
