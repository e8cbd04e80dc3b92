// Secure Boot: the firmware starts what is signed by a key that it trusts, and nothing else; the kernel is then locked down.

import { attach, describe, expect, test, type Machine } from '../../harness/index.ts'
import { readVariable, SECURITY } from '../boot/efi-variables.ts'

const sudo = { sudo: true } as const

/**
 * Makes the one unified kernel of the ESP an unsigned one, by emptying its entry of the certificate table: the fifth of the data
 * directories, which PE32+ has 112 bytes into its optional header (PE/COFF specification). Not a byte of what is hashed changes.
 */
const unsign = `set -e
set -- /boot/EFI/Linux/*.efi
test $# = 1
pe=$(od -An -tu4 -j60 -N4 "$1" | tr -d ' ')
entry=$((pe + 24 + 112 + 4 * 8))
test "$(od -An -tu4 -j$((entry + 4)) -N4 "$1" | tr -d ' ')" != 0
dd if=/dev/zero of="$1" bs=1 seek=$entry count=8 conv=notrunc status=none
sync`

/** A module, packed or not, whose last byte is gone, and with it the signature that the kernel looks for at the end. */
const loadUnsigned = `set -e
module=$(find /usr/lib/modules -name 'dummy.ko*' | head -n 1)
xz -dcf "$module" >/run/whole.ko
head -c -1 /run/whole.ko >/run/unsigned.ko
insmod /run/unsigned.ko`

const lockdown = async (machine: Machine): Promise<string> =>
  await machine.run(['cat', '/sys/kernel/security/lockdown'], sudo)

describe('security.secure-boot', { tags: ['system'], distros: ['reference'], timeoutMs: 120_000 }, () => {
  test(
    'on',
    {
      description:
        'Firmware and kernel say that Secure Boot is on with a key of its own enrolled; the kernel is locked down and takes no unsigned module.',
      aliases: ['basic.uefi-secure'],
      firmwares: ['uefi-secure'],
    },
    async ({ machine }) => {
      expect([...(await readVariable(machine, 'SecureBoot'))]).toEqual([1])
      expect([...(await readVariable(machine, 'SetupMode'))]).toEqual([0])
      for (const [name, owner] of [['PK'], ['KEK'], ['db', SECURITY]] as const)
        expect((await readVariable(machine, name, owner)).toString('latin1')).toContain('Signalbox')
      await expect(machine).toRun(['journalctl', '--boot', '--dmesg', '--output=cat'], {
        ...sudo,
        stdout: /Secure boot enabled/i,
      })
      const state = await lockdown(machine)
      await attach('lockdown.txt', `${state}\n`)
      expect(state).toMatch(/\[(?:integrity|confidentiality)\]/)
      const refused = await machine.exec(['sh', '-c', loadUnsigned], sudo)
      expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/insmod: .*could not/i) })
      await expect(machine).toRun(['journalctl', '--boot', '--dmesg', '--output=cat'], {
        ...sudo,
        // By the policy of the integrity subsystem, or by lockdown where there is none.
        stdout:
          /Loading of unsigned module is rejected|Lockdown: insmod: unsigned module loading is restricted/,
      })
    },
  )

  test(
    'unsigned-refused',
    {
      description: 'The firmware does not start a kernel without a signature, and says so; nothing comes up.',
      firmwares: ['uefi-secure'],
      firstBoot: true,
      machines: 0,
      expectedMessages: ['no-bootable-device'],
    },
    async ({ cluster }) => {
      // Not waited for by the harness: a machine that is waited for may not stay away.
      const machine = await cluster.boot({ waitFor: 'nothing' })
      await expect(machine).toHaveActiveUnit('boot-complete.target', { timeoutMs: 100_000 })
      await machine.run(['sh', '-c', unsign], sudo)
      // Not `machine.reboot()`, which waits for what must not come. Its answer may or may not get out.
      machine.exec(['systemctl', 'reboot'], sudo).catch(() => undefined)
      const refusal = await machine.console.waitFor(/Error loading .*\.efi: Access denied/i)
      await machine.console.waitFor(/BdsDxe: failed to start Boot[0-9A-F]{4} .*: Access Denied/)
      await machine.console.waitFor(/BdsDxe: No bootable option or device was found/)
      const lines = machine.console.lines()
      const said = lines.slice(lines.indexOf(refusal))
      expect(said.filter((line) => /login:|signalbox:/.test(line))).toEqual([])
    },
  )

  test(
    'unsigned-boots-without',
    {
      description: 'Without Secure Boot the same kernel without a signature boots, and is not locked down.',
      firmwares: ['uefi'],
      firstBoot: true,
    },
    async ({ machine }) => {
      expect([...(await readVariable(machine, 'SecureBoot'))]).toEqual([0])
      await expect(machine).toHaveActiveUnit('boot-complete.target', { timeoutMs: 60_000 })
      await machine.run(['sh', '-c', unsign], sudo)
      await machine.reboot()
      const state = await lockdown(machine)
      await attach('lockdown.txt', `${state}\n`)
      expect(state).toMatch(/\[none\]/)
    },
  )
})
