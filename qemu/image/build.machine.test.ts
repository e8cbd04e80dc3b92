// A real build, or the cached image: what build.ts promises is looked at again from outside, with the host's own tools.

import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { execCommand, runCommand } from '../../harness/process.ts'
import { reapDeadMachines } from '../reap.ts'
import { buildReferenceImage } from './build.ts'
import { waitToBuild } from './building.ts'
import type { BuiltImage } from './built-image.ts'
import { diskLayout } from './gpt-layout.ts'
import { programsWith } from './processes.test.fixture.ts'
import { firstBootArguments } from './recipe.ts'
import { erofsArguments } from './steps/seal.ts'
import { readUkiSection } from './uki.ts'

let built: BuiltImage

beforeAll(async () => {
  built = await buildReferenceImage()
})

test('the verity hash tree belongs to the /usr file, and one changed byte does not', async () => {
  const { usr, verity } = built.files
  await runCommand('veritysetup', ['verify', usr.path, verity.path, built.usrRootHash])
  const other = `${built.usrRootHash.slice(0, -1)}${built.usrRootHash.endsWith('0') ? '1' : '0'}`
  expect((await execCommand('veritysetup', ['verify', usr.path, verity.path, other])).failure).not.toBe('')
})

test('the disk has the partitions of the layout, slot A with the UUIDs of the root hash', async () => {
  const layout = diskLayout(
    built.image.identity.architecture,
    built.image.identity.version,
    built.usrRootHash,
  )
  const disk = built.image.disk.path
  expect((await stat(disk)).size).toBe(layout.sizeMiB * 1024 * 1024)
  for (const { number, label, uuid, type } of layout.partitions) {
    const shown = (await runCommand('sgdisk', [`--info=${number}`, disk])).toLowerCase()
    expect(shown).toContain(`partition name: '${label.toLowerCase()}'`)
    expect(shown).toContain(`partition guid code: ${type}`)
    if (uuid !== undefined) expect(shown).toContain(`partition unique guid: ${uuid}`)
  }
})

test('the UKI boots the same /usr as a direct boot', async () => {
  const commandLine = readUkiSection(await readFile(built.files.uki.path), '.cmdline')
  expect(
    Buffer.from(commandLine ?? [])
      .toString('utf8')
      .replace('\0', ''),
  ).toBe(built.image.direct?.arguments.replace(` ${firstBootArguments.join(' ')}`, ''))
  expect(built.image.direct?.arguments).toContain(`usrhash=${built.usrRootHash}`)
})

test('what the firmware starts is signed by the key whose certificate comes with the image', async () => {
  const certificate = built.image.certificate ?? expect.unreachable('the image has no certificate')
  await runCommand('sbverify', ['--cert', certificate, built.files.uki.path])
  expect(built.image.firmwares).toContain('uefi-secure')
})

test('/usr sealed again from the same files has the same bytes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-usr-'))
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(async () => await rm(folder, { recursive: true, force: true }))
  const tree = join(folder, 'usr')
  await runCommand('fsck.erofs', [`--extract=${tree}`, '--preserve', built.files.usr.path])
  const outputs = [join(folder, 'a.erofs'), join(folder, 'b.erofs')]
  const digests = []
  for (const output of outputs) {
    await runCommand('mkfs.erofs', erofsArguments(built.image.identity.version, output, tree))
    digests.push((await runCommand('sha256sum', [output])).split(' ')[0])
  }
  expect(digests[0]).toBe(digests[1])
})

test('builds of one cache wait for each other, and each removes what a killed one left', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'signalbox-builds-'))
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(async () => await rm(cache, { recursive: true }))
  await mkdir(join(cache, '.building-dead', 'tree'), { recursive: true })
  const { architecture } = built.image.identity
  const waited = Promise.withResolvers<string>()
  const options = { cache, architecture, signal: undefined }
  const first = await waitToBuild({ ...options, onWait: () => expect.unreachable('nobody builds') })
  const work = await first.begin()
  expect((await readdir(cache)).filter((name) => name.startsWith('.building-'))).toEqual([basename(work)])
  const second = waitToBuild({ ...options, onWait: waited.resolve })
  expect(await waited.promise).toBe(`process ${process.pid} is building; waiting for it`)
  await first[Symbol.asyncDispose]()
  await using next = await second
  expect(await readdir(cache)).not.toContain(basename(work))
  expect(await next.begin()).not.toBe(work)
})

test('a build whose process is killed leaves nothing running, and its scratch folder is reaped', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'signalbox-killed-'))
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(async () => await rm(cache, { recursive: true }))
  const build = `
    import { buildReferenceImage } from ${JSON.stringify(import.meta.resolve('./build.ts'))}
    await buildReferenceImage({ cache: ${JSON.stringify(cache)} })`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', build], { stdio: 'inherit' })
  const scratch = async (): Promise<readonly string[]> =>
    (await readdir(cache)).filter((name) => name.startsWith('.building-'))
  await expect.poll(async () => await programsWith(cache), { timeout: 60_000 }).toContain('mmdebstrap')
  const [left = expect.unreachable('it builds nowhere')] = await scratch()
  child.kill('SIGKILL')
  await expect.poll(async () => await programsWith(cache), { timeout: 30_000 }).toEqual([])
  const reaped = await reapDeadMachines()
  expect(reaped.flatMap(({ folders }) => folders)).toContain(join(cache, left))
  expect(await scratch()).toEqual([])
})
