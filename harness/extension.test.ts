import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
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

/** A folder to make an extension of, which is gone after the test. */
function sourceFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-source-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'usr', 'bin'), { recursive: true })
  return folder
}

test.skipIf(!isInstalled)(
  'an extension is made of a folder too: modes and links as they are, with the files (needs erofs-utils)',
  async () => {
    const source = sourceFolder()
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-extension-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(source, 'usr/bin/tool'), '#!/bin/sh\n')
    chmodSync(join(source, 'usr/bin/tool'), 0o750)
    symlinkSync('tool', join(source, 'usr/bin/link'))
    symlinkSync('/nonexistent/above', join(source, 'usr/dangling'))
    const image = join(folder, 'tool.raw')
    writeFileSync(join(source, 'usr/bin/more'), 'of the folder\n')
    const files = { 'usr/bin/more': 'more\n' }
    writeFileSync(image, await buildExtension({ name: 'tool', release, folder: source, files }))
    const tree = join(folder, 'tree')
    execFileSync('fsck.erofs', [`--extract=${tree}`, image], { stdio: 'ignore' })
    expect(statSync(join(tree, 'usr/bin/tool')).mode & 0o777).toBe(0o750)
    expect(readlinkSync(join(tree, 'usr/bin/link'))).toBe('tool')
    expect(readlinkSync(join(tree, 'usr/dangling'))).toBe('/nonexistent/above')
    expect(readFileSync(join(tree, 'usr/bin/more'), 'utf8')).toBe('more\n')
    expect(existsSync(join(tree, 'usr/lib/extension-release.d/extension-release.tool'))).toBe(true)
    expect(existsSync(join(source, 'usr/lib'))).toBe(false)
  },
)

test('a folder that holds more than its tree, or is none, is refused', async () => {
  const source = sourceFolder()
  const none = buildExtension({ name: 'tool', release, folder: join(source, 'none') })
  await expect(none).rejects.toMatchObject({ code: 'bad-extension' })
  mkdirSync(join(source, 'etc'))
  const stray = buildExtension({ name: 'tool', release, folder: source })
  await expect(stray).rejects.toThrow(/it holds etc/)
})

test('a link in the place of a folder leads nothing out to this host', async () => {
  const source = sourceFolder()
  const outside = mkdtempSync(join(tmpdir(), 'signalbox-outside-'))
  onTestFinished(() => rmSync(outside, { recursive: true }))
  symlinkSync(outside, join(source, 'usr/lib'))
  const built = buildExtension({ name: 'tool', release, folder: source })
  await expect(built).rejects.toMatchObject({ code: 'bad-extension' })
  expect(existsSync(join(outside, 'extension-release.d'))).toBe(false)
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
