import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { reseedProgram, writeReseedProgram } from './reseed-program.ts'

test('any shell writes the program, byte for byte', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-reseed-'))
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(async () => await rm(folder, { recursive: true }))
  const path = join(folder, 'reseed')
  execFileSync('sh', ['-c', writeReseedProgram(path)])
  expect(await readFile(path)).toEqual(reseedProgram())
})

const emulator = ['/usr/bin/qemu-aarch64-static', '/usr/bin/qemu-aarch64'].find((path) => existsSync(path))

// Where it can run: its calls, as QEMU's user emulation shows them.
test.skipIf(emulator === undefined)('it opens /dev/urandom and asks for the reseeding', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-reseed-'))
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(async () => await rm(folder, { recursive: true }))
  const path = join(folder, 'reseed')
  execFileSync('sh', ['-c', writeReseedProgram(path)])
  const { stderr, signal } = spawnSync(emulator ?? '', ['-strace', path], { encoding: 'utf8' })
  expect(signal).toBeNull()
  expect(stderr).toMatch(/openat\(AT_FDCWD,"\/dev\/urandom",O_RDONLY\) = \d/)
  expect(stderr).toMatch(/ioctl\(\d+,(RNDRESEEDCRNG|0x5207)/)
  expect(stderr).toMatch(/exit\(\d+\)/)
})
