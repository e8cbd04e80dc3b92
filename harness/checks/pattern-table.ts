// The messages of a console or journal that mean trouble, as data. Each expression is matched against one message,
// without its timestamp, tag and identifier (see patterns.ts), is anchored wherever the message has a fixed start, and
// has no nested or unbounded ambiguous repetition, so that matching is linear in the line.

import type { DistroName } from '../model.ts'

export interface BadPattern {
  /** Stable, unique; what a test names to say that it expects the message. */
  readonly code: string
  readonly description: string
  readonly regex: RegExp
  readonly source: 'console' | 'journal' | 'both'
  /** `fatal` ends the attempt at once, because the machine will never be ready: a panic, an emergency shell. */
  readonly severity: 'fatal' | 'failure'
  /** Who says it: the kernel, or a program of one of these names. Absent: anybody. */
  readonly from?: 'kernel' | readonly string[]
  /** Bad only from this many lines on; such patterns need `lineMatcher`. */
  readonly least?: number
  /** Looked for only when asked by its code. */
  readonly onRequest?: boolean
  /** Only on these; absent: on all. */
  readonly distros?: readonly DistroName[]
}

const kernel = { from: 'kernel', source: 'both' } as const
const systemd = { from: ['systemd'], source: 'both' } as const

export const badPatterns: readonly BadPattern[] = [
  // The way to the kernel.
  {
    code: 'no-bootable-device',
    description: 'the firmware or boot loader found nothing to boot',
    regex:
      /^(?:No bootable device\b|BdsDxe: No bootable option or device was found|No loader found\. Configuration files in)/,
    source: 'console',
    severity: 'fatal',
  },
  {
    code: 'grub-rescue',
    description: 'GRUB could not read its files',
    regex: /^Entering rescue mode\.\.\./,
    source: 'console',
    severity: 'fatal',
  },
  {
    code: 'grub-memory',
    description: "GRUB's memory is corrupted",
    regex: /^(?:error: )?(?:alloc|free) magic (?:is )?broken\b/,
    source: 'console',
    severity: 'fatal',
  },

  // The kernel.
  {
    ...kernel,
    code: 'kernel-panic',
    description: 'the kernel panicked',
    regex: /^Kernel panic - not syncing\b/,
    severity: 'fatal',
  },
  {
    ...kernel,
    code: 'kernel-oops',
    description: 'the kernel crashed in part (oops)',
    regex:
      /^(?:BUG: (?:kernel NULL pointer dereference|unable to handle)|Unable to handle kernel |kernel BUG at |Internal error: |Oops: |(?:general protection fault|invalid opcode|double fault|stack segment|divide error)\b.{0,120}\[#\d+\])/,
    severity: 'failure',
  },
  {
    ...kernel,
    code: 'kernel-warning',
    description: 'the kernel found itself in a state that it warns of',
    regex: /^WARNING: (?:CPU: \d+ PID: \d+ at |[\w./-]+\.[chS]:\d+ at )/,
    severity: 'failure',
  },
  {
    ...kernel,
    code: 'bad-page-table',
    description: 'kernel page tables are corrupted',
    regex:
      /^(?:BUG: Bad (?:page (?:state|map|cache)|rss-counter)|Bad pagetable: |[\w./-]{1,80}:\d+: bad p[4gmu]d )/,
    severity: 'failure',
  },
  {
    ...kernel,
    code: 'oom-killer',
    description: 'the machine ran out of memory',
    regex: /^(?:\S{1,64} invoked oom-killer: |Out of memory: Killed process )/,
    severity: 'failure',
  },
  {
    ...kernel,
    code: 'segfault',
    description: 'a program crashed',
    // Only for programs whose signal is fatal; "trap int3" is what a debugger does.
    regex:
      /^(?:\S{1,64}\[\d+\]: (?:segfault at |unhandled \w+ |unhandled level \d)|traps: \S{1,64}\[\d+\] (?:general protection|trap (?:invalid opcode|divide error|stack segment)))/,
    severity: 'failure',
  },

  // Disks and file systems.
  {
    ...kernel,
    code: 'offline-device',
    description: 'a disk went away',
    regex: /^sd \S{1,40}: (?:\[\w{1,16}\] )?rejecting I\/O to offline device/,
    severity: 'failure',
  },
  {
    ...kernel,
    code: 'block-io-error',
    description: 'a block device failed to read or write',
    // Empty CD-ROM and floppy drives answer so to every probe.
    regex:
      /^(?:(?:blk_update_request|print_req_error): )?(?:I\/O|critical \w{1,20}|Buffer I\/O|Buffer I\/O \w{1,20}) error(?:,| on) dev(?:ice)? (?!sr\d|fd\d)\w/,
    severity: 'failure',
  },
  {
    ...kernel,
    code: 'verity-corruption',
    description: 'dm-verity found a corrupted block',
    regex: /^device-mapper: verity: \S{1,40}: (?:data|metadata) block \d+ is corrupted/,
    severity: 'failure',
  },
  {
    ...kernel,
    code: 'ext4-error',
    description: 'an ext4 file system is damaged',
    regex:
      /^(?:EXT4-fs error \(device |EXT4-fs \(\S{1,40}\): (?:error loading journal|failed to convert)|Aborting journal on device |JBD2: (?:recovery failed|Detected IO errors))/,
    severity: 'failure',
  },
  {
    ...kernel,
    code: 'ext4-read-only',
    description: 'an ext4 file system was made read-only after an error',
    regex: /^EXT4-fs \(\S{1,40}\): Remounting filesystem read-only/,
    severity: 'failure',
  },
  {
    ...kernel,
    code: 'ext4-delayed-allocation',
    description: 'ext4 lost data that it had promised to write',
    regex: /^EXT4-fs \(\S{1,40}\): [Dd]elayed block allocation failed\b/,
    severity: 'failure',
  },
  {
    code: 'fsck-manual',
    description: 'a file system needs repair by hand',
    regex: /UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY/,
    source: 'both',
    severity: 'failure',
  },

  // Network.
  {
    ...kernel,
    code: 'bond-flapping',
    description: 'a bonded link goes up and down',
    regex: /^(?:bonding: )?bond\d{1,4}: (?:\(slave \S{1,16}\): )?link status (?:definitely )?down\b/,
    severity: 'failure',
    least: 3,
  },

  // The initrd.
  {
    code: 'ignition-failed',
    description: 'Ignition failed',
    regex:
      /^(?:(?:CRITICAL|CRIT) {0,4}: )?(?:Ignition failed: |Ignition has failed\b|Failed to start (?:ignition-[\w-]{1,40}\.service - )?Ignition \()/,
    source: 'both',
    // Not fatal: the initrd's report of why comes after it, and ends in an emergency, which is.
    severity: 'failure',
    from: ['ignition', 'systemd'],
  },
  {
    code: 'ignition-canceled',
    description: 'Ignition gave up a download of its own accord',
    regex: /\bcontext canceled\b/,
    source: 'both',
    severity: 'failure',
    from: ['ignition'],
  },
  {
    code: 'dracut-fatal',
    description: 'the initrd gave up',
    regex: /^(?:dracut: FATAL: |(?:dracut: )?Refusing to continue\b)/,
    source: 'both',
    severity: 'fatal',
    from: ['dracut', 'dracut-cmdline', 'dracut-initqueue', 'dracut-mount', 'dracut-pre-pivot'],
  },
  {
    code: 'initrd-emergency',
    description: 'the boot failed in the initrd',
    // The end marker, not the begin: the report lies between them.
    regex: /^signalbox: emergency in the initrd: end\b/,
    source: 'console',
    severity: 'fatal',
    distros: ['reference'],
  },
  {
    ...systemd,
    code: 'initrd-cleanup-killed',
    description: 'the initrd was cut off while it cleaned up',
    regex: /^initrd-cleanup\.service: Main process exited, code=killed, (?:status|signal)=(?:15\/)?TERM/,
    severity: 'failure',
  },

  // systemd.
  {
    code: 'emergency-shell',
    description: 'the machine fell into an emergency or rescue shell',
    regex:
      /^(?:You are in (?:emergency|rescue) mode\b|Welcome to emergency mode!|Entering emergency mode\.|Press Enter for (?:emergency shell|maintenance)\b|Give root password for maintenance\b|Cannot open access to console, the root account is locked|(?:Started|Reached target) (?:(?:emergency|rescue)\.(?:service|target) - )?(?:Emergency|Rescue) (?:Shell|Mode)\b)/,
    source: 'both',
    severity: 'fatal',
    from: ['systemd', 'sulogin', 'dracut-emergency', 'sh', 'bash'],
  },
  {
    ...systemd,
    code: 'systemd-frozen',
    description: 'systemd stopped working',
    regex: /^(?:Freezing execution\b|Caught <\w{1,10}>|Failed to (?:isolate|start|load) default target\b)/,
    severity: 'fatal',
  },
  {
    ...systemd,
    code: 'ordering-cycle',
    description: 'systemd units wait for each other in a circle',
    regex:
      /^(?:\S{1,200}: )?(?:Found ordering cycle\b|Breaking ordering cycle by deleting job|Job \S{1,200} deleted to break ordering cycle)/,
    severity: 'failure',
  },
  {
    ...systemd,
    code: 'unit-failed',
    description: 'systemd failed to start a unit',
    // Ignition's own units are fatal, see above.
    regex:
      /^Failed to (?:start|mount|listen on|activate swap) (?!(?:ignition-[\w-]{1,40}\.service - )?Ignition \(|default target)\S/,
    severity: 'failure',
  },
  {
    ...systemd,
    code: 'dependency-failed',
    description: 'systemd did not start a unit because another one failed',
    regex: /^Dependency failed for \S/,
    severity: 'failure',
  },
  {
    code: 'generator-failed',
    description: 'a systemd generator failed',
    regex: /^\/\S{1,120}\/system-generators\/\S{1,120} (?:failed with|terminated by)\b/,
    source: 'both',
    severity: 'failure',
  },

  // Programs.
  {
    code: 'core-dump',
    description: 'a program crashed and dumped its memory',
    regex:
      /^(?:Process \d+ \([^)]{1,64}\) of user \d+ dumped core|\S{1,200}: Main process exited, code=dumped\b)/,
    source: 'both',
    severity: 'failure',
    from: ['systemd', 'systemd-coredump'],
  },
  {
    code: 'go-panic',
    description: 'a Go program panicked',
    regex: /^panic: \S/,
    source: 'both',
    severity: 'failure',
  },

  // SELinux. A denial of the kernel ends in permissive=0 or 1; older kernels do not say.
  {
    code: 'selinux.avc-denied',
    description: 'SELinux denied an access',
    regex: /\bavc: {1,4}denied {1,4}\{(?!.*\bpermissive=1\b)/,
    source: 'both',
    severity: 'failure',
  },
  {
    code: 'selinux.avc-permissive',
    description: 'SELinux would have denied an access, were it enforcing',
    regex: /\bavc: {1,4}denied {1,4}\{.*\bpermissive=1\b/,
    source: 'both',
    severity: 'failure',
    onRequest: true,
  },
]
