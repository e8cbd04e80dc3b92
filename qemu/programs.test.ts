// Finding programs, and what each host and guest gets.

import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cpuModelFor, tcgFor } from './cpu-model.ts'
import { option } from './option-value.ts'
import { firmwareAdvice } from './firmware.ts'
import { emulatorName, emulatorPackage, findProgram, isSafeQemu } from './programs.ts'

test('findProgram takes the first executable file in PATH', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'programs-'))
  const path = join(folder, 'tool')
  await writeFile(path, '#!/bin/sh\n')
  expect(findProgram('tool', `/nowhere:${folder}`)).toBeUndefined()
  await chmod(path, 0o755)
  expect(findProgram('tool', `/nowhere::${folder}:/usr/bin`)).toBe(path)
  await rm(folder, { recursive: true })
})

test.each([
  ['10.0.2', true],
  ['9.0.0', true],
  ['8.2.2', false],
  ['7.2', false],
  ['unknown', false],
])('QEMU %s is safe: %s', (version, safe) => {
  expect(isSafeQemu(version)).toBe(safe)
})

test.each([
  ['x86_64', 'qemu-system-x86_64', 'qemu-system-x86', 'apt-get install ovmf'],
  ['arm64', 'qemu-system-aarch64', 'qemu-system-arm', 'apt-get install qemu-efi-aarch64'],
  [
    'riscv64',
    'qemu-system-riscv64',
    'qemu-system-riscv',
    'apt-get install qemu-efi-riscv64; Debian 12 has no qemu-efi-riscv64, Debian 13 has',
  ],
] as const)('what machines of %s need, by package', (architecture, program, name, firmware) => {
  expect(emulatorName(architecture)).toBe(program)
  expect(emulatorPackage(architecture)).toBe(name)
  expect(firmwareAdvice(architecture, 'uefi')).toBe(firmware)
})

test('nobody is told to install a firmware that there is not', () => {
  expect(firmwareAdvice('riscv64', 'uefi-secure')).toBe('Debian has none for riscv64')
})

test('CPU models', () => {
  expect(cpuModelFor('x86_64', 'kvm')).toBe('host')
  expect(cpuModelFor('arm64', 'kvm')).toBe('host')
  expect(cpuModelFor('x86_64', 'tcg')).toMatch(/^qemu64,.*\+sse4\.2/)
  expect(cpuModelFor('arm64', 'tcg')).toBe('neoverse-n1')
  expect(cpuModelFor('riscv64', 'tcg')).toBe('rva22s64,sstc=on')
})

test('one thread a vCPU only where the host keeps the guest’s memory order', () => {
  expect(tcgFor('x86_64', 'x64')).toMatchObject({ threads: 'multi' })
  expect(tcgFor('arm64', 'x64')).toMatchObject({ threads: 'multi' })
  expect(tcgFor('riscv64', 'x64')).toMatchObject({ threads: 'multi' })
  expect(tcgFor('arm64', 'arm64')).toMatchObject({ threads: 'multi' })
  expect(tcgFor('x86_64', 'arm64')).toMatchObject({ threads: 'single' })
})

test('commas in option values are doubled, booleans are on and off, undefined is left out', () => {
  expect(option('file', { path: '/a,b', ro: true, rw: false, n: 3, none: undefined })).toBe(
    'file,path=/a,,b,ro=on,rw=off,n=3',
  )
  expect(option('', { a: 1 })).toBe('a=1')
})
