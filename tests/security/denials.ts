// What SELinux has denied, or would have in enforcing mode.

import type { Machine } from '../../harness/index.ts'

/** Lines of the kernel about what was denied, in this boot; throws where the journal has not the kernel's messages. */
export async function denials(machine: Machine): Promise<readonly string[]> {
  // Not by --grep: it fails when there is nothing to find, just as it does when there is no journal to read.
  const kernel = await machine.run(['journalctl', '--boot', '--dmesg', '--output=cat', '--quiet'], {
    sudo: true,
  })
  if (!kernel.includes('SELinux:')) throw new Error('the journal has nothing of the kernel about SELinux')
  return kernel.split('\n').filter((line) => /avc: +denied/.test(line))
}
