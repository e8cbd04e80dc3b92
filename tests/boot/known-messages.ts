// Messages of warning and worse that boots of the reference image are known to log, with what differs from boot to boot left out.
// A boot that has others says so (`journal.new`); whoever finds that they mean nothing puts them here, as its `journal-new.txt` has them.

/** A message without numbers, addresses and ids. */
export const normalised = (line: string): string =>
  line.replaceAll(/0x[0-9a-f]+|\b[0-9a-f]{8,}\b|\b[0-9a-f]{2}(?::[0-9a-f]{2}){2,}\b|\d+(?:[.:]\d+)*/gi, '#')

/** Which of these messages are not known, as they are written here, each once. */
export function newMessages(lines: readonly string[]): readonly string[] {
  return [...new Set(lines.map((line) => normalised(line)))].filter((line) => !known.has(line)).toSorted()
}

const known: ReadonlySet<string> = new Set([
  // Emulated processors and their firmware.
  'kernel: amd_pstate: the _CPC object is not present in SBIOS or ACPI disabled',
  'kernel: mtrr: your CPUs had inconsistent MTRRdefType settings',
  'kernel: mtrr: your CPUs had inconsistent fixed MTRR settings',
  'kernel: mtrr: your CPUs had inconsistent variable MTRR settings',
  'kernel: tsc: Unable to calibrate against PIT',
  // Disks of QEMU have no identifier of SCSI; sg3-utils comes with the flavour `storage`.
  '#-scsi-sg#_id.rules: WARNING: SCSI device dm-# has no device ID, consider changing .SCSI_ID_SERIAL_SRC in #-scsi-sg#_config.rules',
  '#-scsi-sg#_id.rules: WARNING: SCSI device vda has no device ID, consider changing .SCSI_ID_SERIAL_SRC in #-scsi-sg#_config.rules',
  // How Debian builds its kernel, and its initrd.
  'kernel: device-mapper: core: CONFIG_IMA_DISABLE_HTABLE is disabled. Duplicate IMA measurements will not be recorded in the IMA log.',
  'systemd: Failed to copy os-release for propagation, ignoring: No such file or directory',
])
