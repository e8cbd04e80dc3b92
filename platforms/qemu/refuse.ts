// Why a machine cannot be had on this host with this image, decided before anything is created. Pure.

import { UsageError } from '../../harness/errors.ts'
import type { MachineSpec } from '../../harness/machine.ts'
import { formatMiB } from '../../harness/memory-text.ts'
import type { DiskImage, Firmware, Image } from '../../harness/model.ts'
import { emulatorName, ENROL_PACKAGE, ENROL_PROGRAM, firmwareAdvice } from '../../qemu/index.ts'
import type { Host } from './host.ts'
import { NO_SOFTWARE_TPM, noTpmFor } from './lacks.ts'
import { refuseBoot, refuseDisks, refuseNodes } from './refuse-hardware.ts'

/** The firmware a spec gets: its own, else the image's preferred one. */
export function firmwareOf(spec: MachineSpec, image: Image): Firmware {
  return spec.firmware ?? image.firmwares[0] ?? 'uefi'
}

/** An image without a disk on this host cannot be booted here. */
export function requireDisk(image: Image): DiskImage {
  const { disk } = image
  if (disk !== undefined) return { ...image, disk }
  throw new UsageError('the platform qemu boots a disk image of this host, and none was given', {
    code: 'image-missing',
    hint: 'name one with --image',
  })
}

/** Each requirement that is not met, with what there is instead; empty when the machine can be created. */
export function refuse(spec: MachineSpec, image: Image, host: Host): readonly string[] {
  return [
    refuseArchitecture(spec, image, host),
    ...refuseFirmware(spec, image, host),
    refuseTpm(spec, image, host),
    spec.cpus < 1 || spec.cpus > 255 ? `needs ${spec.cpus} CPUs; a machine has 1 to 255` : undefined,
    spec.memoryMiB > host.budget.memoryMiB
      ? `needs ${formatMiB(spec.memoryMiB)} of memory a machine; the largest that fits this host's budget is ${formatMiB(host.budget.memoryMiB)}`
      : undefined,
    ...refuseDisks(spec, image),
    ...refuseBoot(spec, image, host, firmwareOf(spec, image)),
    refuseNodes(spec),
    refuseArguments(spec, image, firmwareOf(spec, image)),
  ].filter((reason) => reason !== undefined)
}

function refuseTpm(spec: MachineSpec, image: Image, host: Host): string | undefined {
  if (!spec.tpm) return undefined
  if (!host.hasTpm) return NO_SOFTWARE_TPM
  return noTpmFor(spec.architecture, firmwareOf(spec, image))
}

function refuseArchitecture(
  { architecture }: MachineSpec,
  { identity }: Image,
  host: Host,
): string | undefined {
  if (architecture !== identity.architecture)
    return `needs architecture ${architecture}; the image is for ${identity.architecture}`
  return architecture === host.architecture
    ? undefined
    : `needs ${emulatorName(architecture)}; open here is ${emulatorName(host.architecture)}`
}

function refuseFirmware(spec: MachineSpec, image: Image, host: Host): readonly string[] {
  const firmware = firmwareOf(spec, image)
  if (!image.firmwares.includes(firmware))
    return [`needs firmware ${firmware}; the image boots with ${image.firmwares.join(', ')}`]
  const reasons: string[] = []
  if (!host.firmwares.includes(firmware)) {
    const isUefi = firmware === 'uefi' || firmware === 'uefi-secure'
    const advice = isUefi ? `: ${firmwareAdvice(spec.architecture, firmware)}` : ''
    reasons.push(`needs firmware ${firmware}; this host has ${host.firmwares.join(', ')}${advice}`)
  }
  if (firmware === 'uefi-secure' && image.certificate !== undefined && !host.programs.has(ENROL_PROGRAM))
    reasons.push(
      `needs the image's own key in the firmware; this host has no ${ENROL_PROGRAM}: apt-get install ${ENROL_PACKAGE}`,
    )
  if (firmware === 'direct' && image.direct === undefined)
    reasons.push('needs a kernel for firmware direct; the image comes without one')
  return reasons
}

// The reference image's kernel is started by systemd-stub, which takes more arguments from SMBIOS; GRUB does not.
function refuseArguments(spec: MachineSpec, image: Image, firmware: Firmware): string | undefined {
  if ((spec.kernelArguments?.length ?? 0) === 0 || firmware === 'direct') return undefined
  if (image.identity.distro === 'reference' && firmware === 'uefi') return undefined
  return `needs kernel arguments; a ${image.identity.distro} image with firmware ${firmware} takes none`
}
