// The key of a template: everything that decides what a machine is and whether its saved state can be loaded. Two specs
// with the same key are the same machine but for its name.

import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import type { MachineSpec } from '../../harness/machine.ts'
import type { Image } from '../../harness/model.ts'
import { findFirmware, machineArguments, PRIMARY_DISK_SERIAL } from '../../qemu/index.ts'
import type { Host } from './host.ts'
import { toMachineConfig } from './machine-config.ts'
import { firmwareOf } from './refuse.ts'

/** Raised when what is saved, or how a machine is settled before, changes its meaning. */
const FORMAT = 1

/** The key of a machine's template: `sha256` in hexadecimal. Looks at the firmware's file, and at nothing else. */
export function templateKey(spec: MachineSpec, image: Image, host: Host): string {
  const { name: _name, hostName: _hostName, hasOwnConfig: _hasOwnConfig, ...machine } = spec
  const firmware = firmwareOf(spec, image)
  const uefi = firmware === 'uefi' || firmware === 'uefi-secure'
  const code = uefi ? findFirmware(spec.architecture, firmware)?.codePath : undefined
  // Paths and ids differ from machine to machine and are not part of the state; the devices behind them are.
  const config = toMachineConfig(
    { ...machine, name: 'template' },
    image,
    host,
    {
      uuid: '',
      disks: [{ serial: PRIMARY_DISK_SERIAL, ...spec.primaryDisk }, ...spec.disks].map((disk) => ({
        ...disk,
        path: '',
        format: 'qcow2',
      })),
      ignitionPath: spec.ignition === undefined ? undefined : '',
      firmwareFiles: uefi ? { codePath: '', variablesPath: '' } : undefined,
    },
    { firstBoot: true, sshPort: 0, tpmSocket: undefined },
  )
  const parts = {
    format: FORMAT,
    image: image.identity,
    // The template's disks are overlays over this very file: the same image elsewhere makes a template of its own.
    disk: image.disk,
    machine: { ...machine, firmware },
    emulator: host.emulator,
    firmware: code === undefined ? '' : fileIdentity(code),
    arguments: machineArguments(config),
  }
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/** The key of several machines that are saved together, after what `preparation` names was done to them. */
export function keyOfAll(keys: readonly string[], preparation: string): string {
  return createHash('sha256')
    .update(JSON.stringify([keys, preparation]))
    .digest('hex')
}

// A file that is missing has no identity: the launch will say so.
function fileIdentity(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats === undefined ? '' : `${path}:${stats.size}:${stats.mtimeMs}`
}
