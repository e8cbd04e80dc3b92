// Machines of QEMU saved beside the results: memory and devices in one state file, the disks as overlays of the image, so
// that nothing depends on a template that may be gone tomorrow.

import { chmod, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, InfraError, messageOf, UsageError } from '../../harness/errors.ts'
import type { PlatformMachine, SavedMachine, SavedMachines } from '../../harness/machine.ts'
import { rebaseOverlay, saveState } from '../../qemu/index.ts'
import { copySparse } from './checkpoint.ts'
import { SAVED_STATE, type MachineContext } from './create-machine.ts'
import type { MakeMachine } from './forks.ts'
import { QemuMachine } from './machine.ts'
import { diskFile, VARIABLES_FILE } from './storage.ts'

const MEBIBYTE = 1024 * 1024

/** Devices, and what a clone's template has on its disks. */
const ALLOWANCE_BYTES = 256 * MEBIBYTE

/** How long a machine may take to go on after it was saved. */
const GO_ON_MS = 30_000

/** The saving side of a session. */
export function openSaves(context: MachineContext, make: MakeMachine): SavedMachines {
  const { host } = context
  const { version, path: binary } = host.emulator
  const { accelerator } = host.accelerator
  return {
    async estimate(machines) {
      const each = await Promise.all(machines.map(async (machine) => await estimate(ours(machine))))
      return each.reduce((sum, bytes) => sum + bytes, 0)
    },
    async save(orders, signal) {
      const all = orders.map(({ machine, folder }) => ({ machine: ours(machine), folder }))
      for (const { machine } of all) requireSavable(machine)
      try {
        // All of them stand still before the first is saved: what one has sent, another has got or never gets.
        await Promise.all(all.map(async ({ machine }) => await machine.power('pause', signal)))
        return await Promise.all(
          all.map(async ({ machine, folder }): Promise<SavedMachine> => {
            const { spec, firstBoot, hasPluggedCard } = await copyMachine(context, machine, folder, signal)
            const flags = { firstBoot: firstBoot ? 1 : 0, pluggedCard: hasPluggedCard ? 1 : 0 }
            const facts = { qemu: version, binary, accelerator, ...flags }
            return { spec, facts }
          }),
        )
      } finally {
        const goOn = AbortSignal.timeout(GO_ON_MS)
        // One that died meanwhile has said so by itself.
        await Promise.allSettled(all.map(async ({ machine }) => await machine.power('resume', goOn)))
      }
    },
    refuses({ facts }) {
      if (facts['qemu'] !== version)
        return `it was saved by QEMU ${facts['qemu']} (${facts['binary']}), and this is QEMU ${version} (${binary}), which may not read that; install QEMU ${facts['qemu']}, or run the test again`
      if (facts['accelerator'] !== accelerator)
        return `it ran with ${facts['accelerator']}, and this host has ${accelerator}; resume it where it ran, or run the test again`
      return undefined
    },
    async resume({ spec, facts }, folder, options) {
      try {
        const flags = { firstBoot: facts['firstBoot'] === 1, pluggedCard: facts['pluggedCard'] === 1 }
        return await make(spec, options, { kind: 'saved', folder, ...flags })
      } catch (cause) {
        if (codeOf(cause) !== 'state-not-loaded') throw cause
        throw new InfraError(`machine ${spec.name} cannot be brought up again: ${messageOf(cause)}`, {
          code: 'not-resumed',
          hint: 'run the test again with --save-failed',
          cause,
        })
      }
    },
  }
}

function ours(machine: PlatformMachine): QemuMachine {
  if (machine instanceof QemuMachine) return machine
  throw new TypeError('this machine is not of this platform')
}

function requireSavable(machine: QemuMachine): void {
  const why = machine.whyNotSaved()
  if (why !== undefined)
    throw new UsageError(`machine ${machine.name} cannot be saved: ${why}`, { code: 'not-savable' })
}

async function estimate(machine: QemuMachine): Promise<number> {
  const memoryMiB = Number(machine.facts['memoryMiB'] ?? 0)
  const disks = await Promise.all(machine.disks.map(async (path) => (await stat(path)).blocks * 512))
  return disks.reduce((sum, bytes) => sum + bytes, memoryMiB * MEBIBYTE + ALLOWANCE_BYTES)
}

async function copyMachine(
  { image, base }: MachineContext,
  machine: QemuMachine,
  folder: string,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<QemuMachine['standing']>>> {
  const standing = await machine.standing(signal)
  const state = join(folder, SAVED_STATE)
  await saveState(standing.qmp, state, { memory: 'state-file', signal })
  await chmod(state, 0o600)
  for (const [index, disk] of machine.disks.entries()) {
    const copy = join(folder, diskFile(index))
    await copySparse(disk, copy, signal)
    await chmod(copy, 0o600)
    // What lies between a clone's disk and the image is the template's, which may go.
    if (machine.origin !== 'cold')
      await rebaseOverlay(copy, index === 0 ? { ...image.disk, ...base } : undefined, signal)
  }
  if (standing.firmwareVariables !== undefined)
    await copySparse(standing.firmwareVariables, join(folder, VARIABLES_FILE), signal)
  return standing
}
