// What SELinux has denied, or would have in enforcing mode.

import type { Machine } from '../../harness/index.ts'

/** Lines of the kernel about what was denied, in this boot. */
export async function denials(machine: Machine): Promise<readonly string[]> {
  const kernel = ['journalctl', '--boot', '--dmesg', '--output=cat', '--quiet', '--grep=avc: +denied']
  const { stdout } = await machine.exec(kernel, { sudo: true })
  return stdout.split('\n').filter((line) => line !== '')
}
