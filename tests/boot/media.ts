// The kernel from elsewhere than the disk: from a CD, and from the network by PXE. The image has no installer and does not run from memory,
// so the root filesystem is on the disk all the same.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { LOADER, readBootEntries, variablePath } from './efi-variables.ts'

/** Was started by the firmware itself, from the first entry of its order, and is the image all the same. */
async function expectStartedBy(machine: Machine, entry: RegExp): Promise<void> {
  const { order, current } = await readBootEntries(machine)
  expect(current).toBe(0)
  expect(order[0]).toMatch(entry)
  // The unified kernel says who it is; no boot loader was there to do it.
  await expect(machine).toRun(['test', '-e', variablePath('StubInfo', LOADER)])
  expect((await machine.exec(['test', '-e', variablePath('LoaderEntrySelected', LOADER)])).exitCode).toBe(1)
  const root = await machine.run(['findmnt', '--noheadings', '--output=SOURCE', '/'])
  expect(root).toBe(await machine.run(['readlink', '-f', '/dev/disk/by-partlabel/ROOT']))
  await expect(machine).toRun(['systemctl', 'is-system-running', '--wait'], { stdout: /^running$/ })
}

describe(
  'boot.media',
  { tags: ['system'], firmwares: ['uefi'], distros: ['reference'], firstBoot: true, timeoutMs: 120_000 },
  () => {
    test(
      'network',
      {
        description: 'The firmware gets an address, loads the kernel by TFTP and starts it: PXE.',
        aliases: ['pxe-online-install'],
        bootOrder: ['network', 'primary-disk'],
      },
      async ({ machine }) => {
        await machine.console.waitFor(/NBP filename is boot\.efi/)
        await expectStartedBy(machine, /^UEFI PXEv4/)
      },
    )

    test(
      'cdrom',
      {
        description: 'The firmware starts the kernel of a CD, by its El Torito entry for EFI.',
        bootOrder: ['cdrom', 'primary-disk'],
      },
      async ({ machine }) => {
        await expectStartedBy(machine, /CD-ROM/)
      },
    )
  },
)
