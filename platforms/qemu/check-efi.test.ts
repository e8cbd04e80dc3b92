import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ImageIdentity } from '../../harness/model.ts'
import { diskWith, efiProgram } from '../../qemu/fat.test.data.ts'
import { checkEfi, whyNotFor } from './check-efi.ts'

const x64 = { name: 'BOOTX64.EFI', machine: 0x8664 }
const aa64 = { name: 'BOOTAA64.EFI', machine: 0xaa64 }

test('an image fits when one of its boot programs does, or when none says anything', () => {
  expect(whyNotFor('arm64', [aa64])).toBeUndefined()
  expect(whyNotFor('x86_64', [aa64, x64])).toBeUndefined()
  expect(whyNotFor('arm64', [])).toBeUndefined()
  expect(whyNotFor('arm64', [{ name: 'BOOTX64.EFI', machine: undefined }])).toBeUndefined()
  expect(whyNotFor('arm64', [x64])).toBe('its boot program EFI/BOOT/BOOTX64.EFI is for x86_64')
  expect(whyNotFor('riscv64', [{ name: 'BOOTRISCV64.EFI', machine: 0x5064 }])).toBeUndefined()
  // The name does not count, what is inside does.
  expect(whyNotFor('x86_64', [{ name: 'BOOTX64.EFI', machine: 0x5064 }])).toMatch(/is for riscv64/)
  expect(whyNotFor('x86_64', [{ name: 'BOOTX64.EFI', machine: 0x1234 }])).toMatch(/is for machine 0x1234/)
})

test('an x86-64 disk given for arm64 is refused, with what to do', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-efi-'))
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(async () => await rm(folder, { recursive: true }))
  const path = join(folder, 'disk.raw')
  await writeFile(path, diskWith({ 'BOOTX64.EFI': efiProgram(0x8664) }))
  const identity: ImageIdentity = {
    digest: 'sha256:',
    distro: 'fcos',
    version: '1',
    channel: 'stable',
    architecture: 'x86_64',
  }
  const disk = { path, format: 'raw' } as const
  await checkEfi({ disk, identity })
  const refusal = checkEfi({ disk, identity: { ...identity, architecture: 'arm64' } })
  await expect(refusal).rejects.toMatchObject({ code: 'wrong-architecture', hint: /--arch/ })
  await expect(refusal).rejects.toThrow(
    'is not for arm64: its boot program EFI/BOOT/BOOTX64.EFI is for x86_64',
  )
})
