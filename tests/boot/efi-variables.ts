// Variables of the UEFI firmware, as the guest's kernel shows them: a file each, 4 bytes of attributes and the value. After the UEFI
// specification 2.10, 3.3 "Globally Defined Variables" and 3.1.3 "Load Options".

import type { Machine } from '../../harness/index.ts'

/** EFI_GLOBAL_VARIABLE. */
export const GLOBAL = '8be4df61-93ca-11d2-aa0d-00e098032b8c'
/** EFI_IMAGE_SECURITY_DATABASE_GUID. */
export const SECURITY = 'd719b2cb-3d3a-4596-a3bc-dad00e67656f'
/** systemd's boot loader interface. */
export const LOADER = '4a67b082-0a4c-41cf-b6c7-440b29bb8c4f'

const sudo = { sudo: true } as const

export const variablePath = (name: string, owner: string): string =>
  `/sys/firmware/efi/efivars/${name}-${owner}`

/** A variable's value without its attributes. */
export async function readVariable(machine: Machine, name: string, owner = GLOBAL): Promise<Buffer> {
  const text = await machine.run(['base64', '--wrap=0', variablePath(name, owner)], sudo)
  return Buffer.from(text, 'base64').subarray(4)
}

/** A variable that is text. */
export async function readText(machine: Machine, name: string, owner = LOADER): Promise<string> {
  return (await readVariable(machine, name, owner)).toString('utf16le').replace(/\0.*$/s, '')
}

export interface BootEntries {
  /** Descriptions of the entries in the order in which the firmware tries them. */
  readonly order: readonly string[]
  /** Place in that order of the one that was booted; -1: it is not in it. */
  readonly current: number
}

/** What the firmware tries, and what it came up by. */
export async function readBootEntries(machine: Machine): Promise<BootEntries> {
  const numbers = await readVariable(machine, 'BootOrder')
  const order = Array.from({ length: numbers.length / 2 }, (_, index) => numbers.readUInt16LE(index * 2))
  const current = (await readVariable(machine, 'BootCurrent')).readUInt16LE(0)
  const names: string[] = []
  for (const number of order) {
    const option = await readVariable(machine, `Boot${number.toString(16).toUpperCase().padStart(4, '0')}`)
    // Attributes and the length of the device path are in front.
    names.push(option.subarray(6).toString('utf16le').replace(/\0.*$/s, ''))
  }
  return { order: names, current: order.indexOf(current) }
}
