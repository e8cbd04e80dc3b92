// Why a machine cannot be had on this host with this image, decided before anything is created. Pure.

import type { MachineSpec } from '../../harness/machine.ts'
import type { Firmware, Image } from '../../harness/model.ts'
import { emulatorName, firmwarePackage, PRIMARY_DISK_SERIAL } from '../../qemu/index.ts'
import type { Host } from './host.ts'

/** The firmware a spec gets: its own, else the image's preferred one. */
export function firmwareOf(spec: MachineSpec, image: Image): Firmware {
  return spec.firmware ?? image.firmwares[0] ?? 'uefi'
}

/** A reason a person can act on, or undefined when the machine can be created. */
export function refuse(spec: MachineSpec, image: Image, host: Host): string | undefined {
  const firmware = firmwareOf(spec, image)
  if (spec.architecture !== image.identity.architecture) {
    return `the image is for ${image.identity.architecture}, not ${spec.architecture}`
  }
  if (spec.architecture !== host.architecture) return `no ${emulatorName(spec.architecture)} is open here`
  if (!image.firmwares.includes(firmware)) {
    return `the image does not boot with firmware ${firmware}; it boots with ${image.firmwares.join(', ')}`
  }
  if (!host.firmwares.includes(firmware)) {
    return `no ${firmware} firmware for ${spec.architecture} is installed: apt-get install ${firmwarePackage(spec.architecture)}`
  }
  if (firmware === 'direct' && image.direct === undefined) {
    return 'the image comes without a kernel, which firmware "direct" needs'
  }
  if (spec.tpm && !host.hasTpm) return 'a TPM needs swtpm: apt-get install swtpm'
  if (spec.cpus < 1 || spec.cpus > 255) return `${spec.cpus} CPUs are not between 1 and 255`
  if (spec.memoryMiB > host.budget.memoryMiB) {
    return `${spec.memoryMiB} MiB of memory are more than the ${host.budget.memoryMiB} MiB this host can give`
  }
  return refuseDisks(spec) ?? refuseArguments(spec, image, firmware)
}

function refuseDisks({ disks }: MachineSpec): string | undefined {
  const serials = [PRIMARY_DISK_SERIAL, ...disks.map((disk) => disk.serial)]
  const twice = serials.find((serial, index) => serials.indexOf(serial) !== index)
  if (twice !== undefined) return `two disks have the serial "${twice}"`
  const bad = disks.find(({ serial }) => !/^[\w.-]{1,20}$/.test(serial))
  if (bad !== undefined)
    return `the disk serial "${bad.serial}" is not 1 to 20 letters, digits, "-", "_" or "."`
  const empty = disks.find(({ sizeMiB }) => sizeMiB < 1)
  return empty === undefined ? undefined : `the disk "${empty.serial}" has no size`
}

// The reference image's kernel is started by systemd-stub, which takes more arguments from SMBIOS; GRUB does not.
function refuseArguments(spec: MachineSpec, image: Image, firmware: Firmware): string | undefined {
  if ((spec.kernelArguments?.length ?? 0) === 0 || firmware === 'direct') return undefined
  if (image.identity.distro === 'reference' && firmware === 'uefi') return undefined
  return `kernel arguments cannot be given to a ${image.identity.distro} image with firmware ${firmware}`
}
