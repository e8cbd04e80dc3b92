// On UEFI the boot loader counts tries; a healthy boot must be blessed, or the next one falls back to the other slot.

import { describe, expect, test } from '../../harness/index.ts'

describe('boot', { firstBoot: true, exclusive: false }, () => {
  test(
    'blessed',
    {
      description: 'boot-complete.target was reached and the boot entry has lost its counter.',
      distros: ['reference'],
      firmwares: ['uefi', 'uefi-secure'],
    },
    async ({ machine }) => {
      await expect(machine).toHaveActiveUnit('boot-complete.target', { timeoutMs: 20_000 })
      await expect(machine).toHaveActiveUnit('reference-health.service')
      const entries = await machine.run(['find', '/boot/EFI/Linux', '-maxdepth', '1', '-name', '*.efi'], {
        sudo: true,
      })
      // systemd-boot's Automatic Boot Assessment: name+LEFT-DONE.efi while it is being counted.
      expect(entries.split('\n').filter((entry) => /\+\d+(?:-\d+)?\.efi$/.test(entry))).toEqual([])
    },
  )
})
