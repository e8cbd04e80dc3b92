// Each machine has firmware variables of its own, which last.

import { expect, test } from '../../harness/index.ts'
import { readVariable, variablePath } from './efi-variables.ts'

const OWNER = '6b6f6c61-5a5a-4a5a-8a5a-7369676e616c'
const path = variablePath('Signalbox', OWNER)

test(
  'boot.variables',
  {
    description:
      'A variable that was set in a machine is there after its plug was pulled, until it is deleted, and no other machine has it.',
    tags: ['system'],
    firmwares: ['uefi', 'uefi-secure'],
    machines: 2,
    timeoutMs: 180_000,
  },
  async ({ cluster: { machines } }) => {
    const [one, other] = machines
    if (one === undefined || other === undefined) throw new Error('two machines were asked for')
    // Attributes: non-volatile, for the boot and for the running system. One write, as the kernel wants it.
    await one.run(`printf '\\007\\000\\000\\000kept' >${path}`, { sudo: true })
    await test.step('over a power cut', async () => {
      await one.power('cut')
      await one.power('on')
      expect((await readVariable(one, 'Signalbox', OWNER)).toString()).toBe('kept')
    })
    expect((await other.exec(['test', '-e', path])).exitCode).toBe(1)
    await expect(other).toRun(['test', '-d', '/sys/firmware/efi/efivars'])
    // What is not asked for by name is protected from rm.
    await one.run(`chattr -i ${path} && rm ${path}`, { sudo: true })
    expect((await one.exec(['test', '-e', path])).exitCode).toBe(1)
  },
)
