// What `update-test` refuses before any machine boots, on the real command line; and what a run says of update tests whose
// payloads cannot be had. Updates themselves are in update.machine.test.ts.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { imageFiles } from '../../qemu/image/built-image.ts'
import { createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld()
const folder = mkdtempSync(join(tmpdir(), 'signalbox-images-'))
afterAll(() => {
  world[Symbol.dispose]()
  rmSync(folder, { recursive: true })
})

/** A folder that passes for an image until somebody looks into its files. */
function imageFolder(version: string, architecture = 'x86_64'): string {
  const path = mkdtempSync(join(folder, 'image-'))
  for (const role of imageFiles) writeFileSync(join(path, role), `the ${role} of ${version}`)
  const files = Object.fromEntries(
    imageFiles.map((role) => [role, { name: role, bytes: Buffer.byteLength(`the ${role} of ${version}`) }]),
  )
  const metadata = {
    format: 1,
    key: 'key',
    distro: 'reference',
    version,
    channel: 'stable',
    architecture,
    buildId: 'build',
    builtAt: '2026-01-01T00:00:00Z',
    digest: `sha256:${version}`,
    usrRootHash: 'ab'.repeat(32),
    kernelRelease: '6.12',
    arguments: 'quiet',
    files,
  }
  writeFileSync(join(path, 'image.json'), JSON.stringify(metadata))
  return path
}

it.each([
  [
    'two images of one version',
    ['1.0.0', '1.0.0'],
    'both images are of version 1.0.0: there is nothing to update to',
  ],
  ['an older one', ['1.1.0', '1.0.9'], 'version 1.0.9 is older than 1.1.0'],
])('refuses %s', async (_, [from = '', to = ''], message) => {
  const args = ['update-test', '--from', imageFolder(from), '--to', imageFolder(to)]
  const { exitCode, stderr } = await world.signalbox(args)
  expect(exitCode).toBe(2)
  expect(stderr).toContain(message)
})

it('refuses a version whose hash tree does not prove its /usr, before any machine boots', async () => {
  const args = ['update-test', '--from', imageFolder('1.0.0'), '--to', imageFolder('1.0.1')]
  const { exitCode, stdout, stderr } = await world.signalbox(args)
  expect(exitCode).toBe(2)
  expect(stderr).toContain('is not what it is declared to be: its hash tree does not prove its /usr')
  expect(stdout).not.toContain('update.reach')
})

it('refuses a folder that is no image', async () => {
  const { exitCode, stderr } = await world.signalbox([
    'update-test',
    '--from',
    imageFolder('1.0.0'),
    '--to',
    folder,
  ])
  expect(exitCode).toBe(2)
  expect(stderr).toContain('no image at')
})

it('refuses a firmware that cannot choose between slots', async () => {
  const { exitCode, stderr } = await world.signalbox(['update-test', '--firmware', 'direct'])
  expect(exitCode).toBe(2)
  expect(stderr).toContain('with firmware direct no boot loader chooses between the slots')
})

it('refuses an OS without slots, and an image without a payload', async () => {
  const image = join(folder, 'disk.img')
  writeFileSync(image, 'a disk')
  const fcos = await world.signalbox(['update-test', '--distro', 'fcos', '--from', image])
  expect(fcos.exitCode).toBe(2)
  expect(fcos.stderr).toContain('has no two slots whose updates can be driven')
  const flatcar = await world.signalbox(['update-test', '--distro', 'flatcar', '--from', image])
  expect(flatcar.exitCode).toBe(2)
  expect(flatcar.stderr).toContain('what is the image to be updated to?')
})

it('says for each update test why its payloads cannot be had', async () => {
  const image = join(folder, 'other.img')
  writeFileSync(image, 'a disk')
  const target = ['--image', image, '--distro', 'flatcar', '--firmware', 'uefi', '--platform', 'fake']
  const globs = ['update.reach', 'update.twice', 'update.broken.*', 'update.server.*']
  const { stdout, stderr, exitCode } = await world.signalbox(['run', ...globs, ...target])
  expect(exitCode, stderr).toBe(0)
  expect(stdout).toContain('needs a version to update to; --update-to names one')
})
