// What a host without programs lacks for a kind of machine.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { lacks } from './lacks.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-lacks-'))
const path = process.env['PATH']
beforeEach(() => {
  process.env['PATH'] = folder
})
afterEach(() => {
  process.env['PATH'] = path
  rmSync(folder, { recursive: true, force: true })
})

it('names the program and the package, of what is asked for alone', () => {
  expect(lacks({ architecture: 'x86_64', firmware: 'direct', tpm: false })).toEqual([
    'needs qemu-system-x86_64; this host has none: apt-get install qemu-system-x86',
  ])
  expect(lacks({ architecture: 'arm64', firmware: 'direct', tpm: true })).toEqual([
    'needs qemu-system-aarch64; this host has none: apt-get install qemu-system-arm',
    'needs a TPM; this host has no swtpm: apt-get install swtpm',
  ])
  expect(lacks({ architecture: 'riscv64', firmware: 'uefi-secure', tpm: false })).toEqual([
    'needs qemu-system-riscv64; this host has none: apt-get install qemu-system-riscv',
    'needs firmware uefi-secure for riscv64; this host has none: Debian has none for riscv64',
  ])
})

it('lacks nothing that is there', () => {
  process.env['PATH'] = mkdtempSync(join(tmpdir(), 'signalbox-has-'))
  for (const program of ['qemu-system-aarch64', 'qemu-system-x86_64', 'swtpm'])
    writeFileSync(join(process.env['PATH'], program), '', { mode: 0o755 })
  expect(lacks({ architecture: 'arm64', firmware: 'direct', tpm: true })).toEqual([])
  expect(lacks({ architecture: 'x86_64', firmware: 'direct', tpm: true })).toEqual([
    expect.stringMatching(/^needs a TPM; .*--firmware uefi has one$/),
  ])
  rmSync(process.env['PATH'], { recursive: true })
})
