// Measured boot: what firmware and loader ran is in the TPM's registers, and the log explains every one of them.

import { attach, describe, expect, test, type Machine } from '../../harness/index.ts'
import { readEventLog, replay, type MeasuredEvent } from './event-log.ts'

const sudo = { sudo: true } as const

/** Registers of SHA-256 by number, hex in lower case. */
async function registers(machine: Machine): Promise<ReadonlyMap<number, string>> {
  const text = await machine.run('cd /sys/class/tpm/tpm0/pcr-sha256 && grep -H . *', sudo)
  return new Map(
    text.split('\n').map((line): [number, string] => {
      const [pcr = '', value = ''] = line.split(':')
      return [Number(pcr), value.trim().toLowerCase()]
    }),
  )
}

async function eventLog(machine: Machine): Promise<readonly MeasuredEvent[]> {
  const path = '/sys/kernel/security/tpm0/binary_bios_measurements'
  return readEventLog(Buffer.from(await machine.run(['base64', '-w', '0', path], sudo), 'base64'))
}

// systemd-stub measures into 11 what a unified kernel image consists of (UAPI, "TPM2 PCR Measurements").
const UNIFIED_KERNEL = 11

describe(
  'security.measured-boot',
  { tpm: true, firmwares: ['uefi', 'uefi-secure'], tags: ['system'], distros: ['reference'] },
  () => {
    test(
      'event-log',
      {
        description:
          'Replaying the log of the firmware gives the very values that the registers of the TPM have.',
        aliases: ['cl.tpm.eventlog'],
        timeoutMs: 90_000,
      },
      async ({ machine }) => {
        expect((await machine.readFile('/sys/class/tpm/tpm0/tpm_version_major')).trim()).toBe('2')
        const [events, values] = [await eventLog(machine), await registers(machine)]
        await attach('pcrs.txt', [...values].map(([pcr, value]) => `${pcr} ${value}\n`).join(''))
        const replayed = replay(events)
        // Firmware, its settings, boot devices, loader, partitions, Secure Boot, and the kernel image.
        for (const pcr of [0, 1, 2, 3, 4, 5, 7, UNIFIED_KERNEL])
          expect.soft(`${pcr} ${values.get(pcr)}`).toBe(`${pcr} ${replayed.get(pcr)}`)
        expect(events.length).toBeGreaterThan(20)
        const sections = events
          .filter(({ pcr }) => pcr === UNIFIED_KERNEL)
          .map(({ data }) => data.toString('latin1').replaceAll('\0', ''))
        expect(sections).toEqual(expect.arrayContaining(['.linux', '.cmdline', '.initrd', '.osrel']))
      },
    )

    test(
      'same-again',
      {
        description:
          'A reboot of the same version measures the same kernel image and the same Secure Boot state; the unused registers are empty.',
        timeoutMs: 120_000,
      },
      async ({ machine }) => {
        const before = await registers(machine)
        await machine.reboot()
        const after = await registers(machine)
        for (const pcr of [7, UNIFIED_KERNEL]) {
          expect.soft(after.get(pcr)).toBe(before.get(pcr))
          expect.soft(after.get(pcr)).not.toBe('0'.repeat(64))
        }
        expect(after.get(16)).toBe('0'.repeat(64))
      },
    )
  },
)
