// What a test plugs into a running machine and pulls out of it, as steps of the test.

import { UsageError } from '../errors.ts'
import type { Machine } from '../fixtures/fixtures.ts'
import type { MachineHardware, PlatformMachine } from '../machine.ts'
import { asStep } from '../running/context.ts'

type Hardware = Pick<
  Machine,
  'addDisk' | 'pullDisk' | 'setDiskFaults' | 'setDiskPath' | 'addNic' | 'pullNic' | 'setLink'
>

/** Makes the fixture's part; `signals` is what ends every wait for the machine. */
export function machineHardware(raw: PlatformMachine, signals: () => AbortSignal): Hardware {
  const step = async (title: string, work: (hardware: MachineHardware) => Promise<void>): Promise<void> =>
    await asStep('power', title, async () => {
      if (raw.hardware !== undefined) return await work(raw.hardware)
      throw new UsageError(`nothing can be plugged into ${raw.name}: its platform has no such thing`, {
        code: 'no-hardware',
        hint: 'a test that needs it says platforms: ["qemu"]',
      })
    })
  return {
    addDisk: async (disk) =>
      await step(`add disk ${disk.serial} to ${raw.name}`, async (it) => await it.addDisk(disk, signals())),
    pullDisk: async (serial) =>
      await step(`pull disk ${serial} of ${raw.name}`, async (it) => await it.pullDisk(serial, signals())),
    setDiskFaults: async (serial, faults) =>
      await step(
        `disk ${serial} of ${raw.name} fails: ${faults}`,
        async (it) => await it.setDiskFaults(serial, faults, signals()),
      ),
    setDiskPath: async (serial, path, state) =>
      await step(
        `path ${path} to disk ${serial} of ${raw.name} ${state}`,
        async (it) => await it.setDiskPath(serial, path, state, signals()),
      ),
    addNic: async (name) =>
      await step(`add network card ${name} to ${raw.name}`, async (it) => await it.addNic(name, signals())),
    pullNic: async (name) =>
      await step(`pull network card ${name} of ${raw.name}`, async (it) => await it.pullNic(name, signals())),
    setLink: async (nic, state) =>
      await step(
        `link ${nic} of ${raw.name} ${state}`,
        async (it) => await it.setLink(nic, state, signals()),
      ),
  }
}
