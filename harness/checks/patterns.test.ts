import { expect, test } from 'vitest'
import { badPatterns, lineMatcher, matchLine, scanLines } from './patterns.ts'

interface Sample {
  readonly bad: readonly string[]
  readonly good: readonly string[]
  readonly journal?: readonly string[]
}

const samples: Readonly<Record<string, Sample>> = {
  'no-bootable-device': {
    bad: [
      'No bootable device.',
      'BdsDxe: No bootable option or device was found.',
      'No loader found. Configuration files in \\loader\\entries\\*.conf are needed.',
    ],
    good: ['BdsDxe: loading Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x3,0x0)'],
  },
  'grub-rescue': {
    bad: ['Entering rescue mode...'],
    good: ['Entering rescue mode is easy'],
  },
  'grub-memory': {
    bad: [
      'alloc magic is broken at 0x7ffd4e20: 0',
      'free magic is broken at 0x7f7f7f',
      'error: alloc magic broken',
    ],
    good: ['BTRFS: magic is broken'],
  },
  'kernel-panic': {
    bad: [
      '[    3.141592] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)',
      '\u001b[0;31m[   12.3] Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b\u001b[0m\r',
      '<0>[   99.000001][    T1] Kernel panic - not syncing: dm-verity device corrupted',
    ],
    good: [
      '[    0.1] Command line: panic=5',
      'grep[12]: Kernel panic - not syncing',
      '[    9.9] ---[ end Kernel panic - not syncing: x ]---',
    ],
    journal: ['kernel: Kernel panic - not syncing: Fatal exception'],
  },
  'kernel-oops': {
    bad: [
      '[   10.0] BUG: kernel NULL pointer dereference, address: 0000000000000008',
      '[   10.0] BUG: unable to handle page fault for address: ffffffffdeadbeef',
      '[   10.0] Oops: 0002 [#1] PREEMPT SMP NOPTI',
      '[   10.0] Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP',
      '[   10.0] general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] PREEMPT SMP PTI',
      '[   10.0] double fault: 0000 [#1] PREEMPT SMP NOPTI',
      '[   10.0] Unable to handle kernel paging request at virtual address ffff800011223344',
      '[   10.0] Internal error: Oops: 0000000096000004 [#1] SMP',
      '[   10.0] kernel BUG at mm/slub.c:435!',
    ],
    good: [
      '[   10.0] BUG: workqueue lockup - pool cpus=0',
      '[   10.0] traps: x[1] general protection fault ip:1 sp:2 error:0',
      'systemd[1]: Oops: that did not work',
    ],
    journal: ['kernel: Oops: 0000 [#2] PREEMPT SMP'],
  },
  'kernel-warning': {
    bad: [
      '[   10.0] WARNING: CPU: 0 PID: 1 at kernel/workqueue.c:1234 __queue_work+0x12/0x34',
      '[   10.0] WARNING: fs/ext4/inode.c:3400 at ext4_x+0x1/0x2, CPU#1: sh/12',
    ],
    good: ['[    0.1] WARNING: Spectre v2 mitigation leaves CPU vulnerable', 'WARNING: CPU is slow'],
    journal: ['kernel: WARNING: CPU: 1 PID: 42 at net/core/dev.c:1 x+0x1/0x2'],
  },
  'bad-page-table': {
    bad: [
      '[   10.0] BUG: Bad page map in process sh  pte:8000 pmd:1234',
      '[   10.0] BUG: Bad rss-counter state mm:00000000 type:MM_ANONPAGES val:1',
      '[   10.0] mm/pgtable-generic.c:50: bad pmd 0000000012345678(00)',
      '[   10.0] Bad pagetable: 0009 [#1] SMP',
    ],
    good: ['[   10.0] BUG: Bad luck'],
  },
  'oom-killer': {
    bad: [
      '[   10.0] stress invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=0',
      '[   10.0] Out of memory: Killed process 812 (stress) total-vm:1kB',
    ],
    good: ['systemd-oomd[1]: x invoked oom-killer: no', '[   10.0] Out of memory is not an option'],
    journal: ['kernel: Out of memory: Killed process 1 (x)'],
  },
  segfault: {
    bad: [
      '[   10.0] crashme[512]: segfault at 0 ip 000055d0c0ffee00 sp 00007ffd error 6 in crashme[55d0c0ffe000+1000]',
      '[   10.0] traps: crashme[512] general protection fault ip:7f00 sp:7ffd error:0 in libc.so.6[7f00+1000]',
      '[   10.0] traps: crashme[512] trap invalid opcode ip:7f00 sp:7ffd error:0',
      '[   10.0] crashme[512]: unhandled level 1 translation fault (11) at 0x00000000, esr 0x92000045',
    ],
    good: ['[   10.0] traps: gdb[512] trap int3 ip:7f00 sp:7ffd error:0', 'sshd[512]: no segfault at all'],
    journal: ['kernel: crashme[512]: segfault at 0 ip 000055d0 sp 00007ffd error 6'],
  },
  'offline-device': {
    bad: [
      '[   10.0] sd 2:0:0:0: rejecting I/O to offline device',
      '[   10.0] sd 2:0:0:0: [sda] rejecting I/O to offline device',
    ],
    good: ['[   10.0] sd 2:0:0:0: [sda] Attached SCSI disk'],
  },
  'block-io-error': {
    bad: [
      '[   10.0] I/O error, dev vda, sector 2048 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2',
      '[   10.0] blk_update_request: I/O error, dev sda, sector 0',
      '[   10.0] critical medium error, dev nvme0n1, sector 7',
      '[   10.0] Buffer I/O error on dev dm-0, logical block 12, async page read',
      '[   10.0] Buffer I/O error on device vdb1, logical block 0',
    ],
    good: [
      '[   10.0] I/O error, dev sr0, sector 0 op 0x0:(READ)',
      '[   10.0] Buffer I/O error on dev sr0, logical block 0',
      '[   10.0] blk_update_request: I/O error, dev fd0, sector 0',
    ],
  },
  'verity-corruption': {
    bad: [
      '[   10.0] device-mapper: verity: 254:4: data block 1234 is corrupted',
      '[   10.0] device-mapper: verity: 254:4: metadata block 3 is corrupted',
    ],
    good: ['[   10.0] device-mapper: verity: sha256 using implementation "sha256-generic"'],
    journal: ['kernel: device-mapper: verity: 254:4: data block 1 is corrupted'],
  },
  'ext4-error': {
    bad: [
      '[   10.0] EXT4-fs error (device vda9): ext4_lookup:1855: inode #2: comm ls: deleted inode referenced: 12',
      '[   10.0] Aborting journal on device vda9-8.',
      '[   10.0] EXT4-fs (vda9): error loading journal',
      '[   10.0] JBD2: recovery failed',
    ],
    good: ['[   10.0] EXT4-fs (vda9): mounted filesystem 1234 r/w with ordered data mode. Quota mode: none.'],
  },
  'ext4-read-only': {
    bad: ['[   10.0] EXT4-fs (vda9): Remounting filesystem read-only'],
    good: ['[   10.0] EXT4-fs (vda9): re-mounted 1234 ro. Quota mode: none.'],
  },
  'ext4-delayed-allocation': {
    bad: [
      '[   10.0] EXT4-fs (vda9): Delayed block allocation failed for inode 12 at logical offset 0 with max blocks 1 with error 28',
    ],
    good: ['[   10.0] EXT4-fs (vda9): delayed block allocation is on'],
  },
  'fsck-manual': {
    bad: ['systemd-fsck[301]: /dev/vda9: UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY.'],
    good: ['systemd-fsck[301]: ROOT: clean, 11/128 files'],
    journal: ['systemd-fsck[301]: /dev/vda9: UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY.'],
  },
  'ignition-failed': {
    bad: [
      '[   10.0] ignition[412]: Ignition failed: failed to create files: failed to create file "/x"',
      'ignition[412]: CRITICAL : Ignition failed: config is not valid',
      'Ignition has failed. Please ensure your config is valid.',
      '[FAILED] Failed to start ignition-files.service - Ignition (files).',
      '[\u001b[0;1;31mFAILED\u001b[0m] Failed to start \u001b[0;1;39mIgnition (fetch)\u001b[0m.',
    ],
    good: [
      '[   10.0] ignition[412]: Ignition finished successfully',
      'bash[7]: Ignition failed: quoted by a script',
      '[  OK  ] Finished ignition-files.service - Ignition (files).',
    ],
    journal: [
      'ignition[412]: Ignition failed: x',
      'systemd[1]: Failed to start ignition-disks.service - Ignition (disks).',
    ],
  },
  'ignition-canceled': {
    bad: ['ignition[412]: failed to fetch config: context canceled'],
    good: ['dockerd[9]: context canceled', 'ignition[412]: GET http://x: attempt #1'],
  },
  'dracut-fatal': {
    bad: [
      "dracut: FATAL: Don't know how to handle 'root=live:x'",
      'dracut: Refusing to continue',
      '[   10.0] dracut-cmdline[210]: Refusing to continue',
    ],
    good: [
      '[   10.0] dracut-cmdline[210]: Using kernel command line parameters',
      'foo[1]: Refusing to continue',
      'FATAL: something of a program',
    ],
    journal: ['dracut-initqueue[210]: Refusing to continue'],
  },
  'initrd-emergency': {
    bad: ['signalbox: emergency in the initrd: end'],
    good: ['signalbox: emergency in the initrd: begin'],
  },
  'initrd-cleanup-killed': {
    bad: ['[   10.0] systemd[1]: initrd-cleanup.service: Main process exited, code=killed, status=15/TERM'],
    good: ['[   10.0] systemd[1]: initrd-cleanup.service: Deactivated successfully.'],
  },
  'emergency-shell': {
    bad: [
      'You are in emergency mode. After logging in, type "journalctl -xb" to view',
      'Press Enter for emergency shell or wait 5 minutes for reboot.',
      'Give root password for maintenance',
      'Cannot open access to console, the root account is locked.',
      '[  OK  ] Started emergency.service - Emergency Shell.',
      '[\u001b[0;32m  OK  \u001b[0m] Reached target \u001b[0;1;39memergency.target\u001b[0m - Emergency Mode.',
      'Entering emergency mode. Exit the shell to continue.',
      '[  OK  ] Started Rescue Shell.',
    ],
    good: [
      '[  OK  ] Started emergency-broadcast.service - Emergency Broadcast.',
      'sshd[5]: You are in emergency mode',
    ],
    journal: ['systemd[1]: Reached target emergency.target - Emergency Mode.'],
  },
  'systemd-frozen': {
    bad: [
      '[!!!!!!] Failed to isolate default target.',
      '[   10.0] systemd[1]: Freezing execution.',
      '[   10.0] systemd[1]: Caught <SEGV>, dumped core as pid 55.',
      '[!!!!!!] Failed to start default target: Transaction is destructive.',
    ],
    good: ['[   10.0] Freezing user space processes', 'x[1]: Freezing execution.'],
  },
  'ordering-cycle': {
    bad: [
      '[    1.0] systemd[1]: sysinit.target: Found ordering cycle on foo.service/start',
      '[    1.0] systemd[1]: foo.service: Job bar.service/start deleted to break ordering cycle starting with foo.service/start',
      '[    1.0] systemd[1]: Found ordering cycle: a.service/start after b.service/start',
    ],
    good: ['[    1.0] systemd[1]: Found ordering of units'],
    journal: ['systemd[1]: local-fs.target: Found ordering cycle on x.mount/start'],
  },
  'unit-failed': {
    bad: [
      '[FAILED] Failed to start foo.service - Foo.',
      '[\u001b[0;1;31mFAILED\u001b[0m] Failed to mount \u001b[0;1;39moem.mount\u001b[0m - OEM.',
      '[   10.0] systemd[1]: Failed to start foo.service - Foo.',
    ],
    good: [
      'sshd-session[9]: Failed to start session',
      '[FAILED] Failed to start ignition-files.service - Ignition (files).',
    ],
    journal: [
      'systemd[1]: Failed to listen on foo.socket - Foo.',
      'systemd[501]: Failed to start bar.service.',
    ],
  },
  'dependency-failed': {
    bad: [
      '[DEPEND] Dependency failed for foo.mount - /foo.',
      '[   10.0] systemd[1]: Dependency failed for local-fs.target - Local File Systems.',
    ],
    good: ['apt[1]: Dependency failed for x'],
    journal: ['systemd[1]: Dependency failed for x.service.'],
  },
  'generator-failed': {
    bad: [
      '[    1.0] (sd-exec-strv)[80]: /usr/lib/systemd/system-generators/foo-generator failed with exit status 1.',
      '[    1.0] systemd[1]: /usr/lib/systemd/system-generators/foo terminated by signal ABRT.',
    ],
    good: ['[    1.0] systemd[1]: /usr/lib/systemd/system-generators/foo succeeded.'],
    journal: [
      '(sd-executor)[80]: /usr/lib/systemd/system-generators/foo-generator failed with exit status 1.',
    ],
  },
  'core-dump': {
    bad: [
      '[   10.0] systemd-coredump[77]: Process 71 (crashme) of user 0 dumped core.',
      '[   10.0] systemd[1]: crashme.service: Main process exited, code=dumped, status=11/SEGV',
    ],
    good: ['[   10.0] systemd[1]: crashme.service: Main process exited, code=exited, status=1/FAILURE'],
    journal: ['systemd-coredump[77]: Process 71 (a b) of user 500 dumped core.'],
  },
  'go-panic': {
    bad: ['panic: runtime error: index out of range [3] with length 3', 'etcd[88]: panic: assertion failed'],
    good: ["towel[42]: don't panic: all is well", 'kernel.panic: 5'],
    journal: ['dockerd[88]: panic: runtime error: invalid memory address'],
  },
  'selinux.avc-denied': {
    bad: [
      '[   10.0] audit: type=1400 audit(1700000000.123:45): avc:  denied  { read } for  pid=1 comm="x" name="y" dev="vda9" ino=1 scontext=a tcontext=b tclass=file permissive=0',
      '[   10.0] audit: type=1400 audit(1.1:1): avc:  denied  { write } for  pid=1 comm="x" scontext=a tcontext=b tclass=file',
    ],
    good: [
      '[   10.0] audit: type=1400 audit(1.1:1): avc:  denied  { read } for  pid=1 comm="x" tclass=file permissive=1',
      '[   10.0] audit: type=1400 audit(1.1:1): avc:  granted  { setenforce } for  pid=1',
    ],
    journal: ['audit[812]: AVC avc:  denied  { read } for  pid=812 comm="x" tclass=file permissive=0'],
  },
}

test.each(badPatterns.filter(({ onRequest, least }) => onRequest !== true && least === undefined))(
  '$code matches what is printed, and not what is close to it',
  ({ code, distros }) => {
    const sample = samples[code]
    const distro = distros?.[0]
    const codes = (line: string, source: 'console' | 'journal'): readonly string[] =>
      matchLine(line, { source, distro }).map((bad) => bad.code)
    expect(sample?.bad.length).toBeGreaterThan(0)
    expect(sample?.good.length).toBeGreaterThan(0)
    for (const line of sample?.bad ?? []) expect(codes(line, 'console'), line).toEqual([code])
    for (const line of sample?.journal ?? []) expect(codes(line, 'journal'), line).toEqual([code])
    for (const line of sample?.good ?? []) expect(codes(line, 'console'), line).not.toContain(code)
  },
)

test('codes are unique', () => {
  expect(new Set(badPatterns.map(({ code }) => code)).size).toBe(badPatterns.length)
})

test('a denial that was let through is reported on request only', () => {
  const line = 'audit[1]: AVC avc:  denied  { read } for  pid=1 comm="x" permissive=1'
  expect(matchLine(line, { source: 'journal' })).toEqual([])
  const include = new Set(['selinux.avc-permissive'])
  expect(matchLine(line, { source: 'journal', include })).toMatchObject([
    { code: 'selinux.avc-permissive', severity: 'failure', line },
  ])
})

test('a bond flaps when its link goes down the third time', () => {
  const line = 'kernel: bond0: (slave eth1): link status definitely down, disabling slave'
  expect(matchLine(line, { source: 'journal' })).toEqual([])
  const match = lineMatcher({ source: 'journal' })
  expect([1, 2, 3, 4].map(() => match(line).length)).toEqual([0, 0, 1, 1])
  const up = 'kernel: bond0: link status up for interface eth1, enabling it in 0 ms'
  expect(scanLines([up, up, up, up], { source: 'journal' })).toEqual([])
})

test('codes can be left out, and patterns of another distro are', () => {
  const line = '[    3.1] Kernel panic - not syncing: x'
  expect(matchLine(line, { source: 'console', leaveOut: new Set(['kernel-panic']) })).toEqual([])
  const end = 'signalbox: emergency in the initrd: end'
  expect(matchLine(end, { source: 'console', distro: 'flatcar' })).toEqual([])
  expect(matchLine(end, { source: 'console' })).toHaveLength(1)
  expect(matchLine(end, { source: 'journal' })).toEqual([])
})

test('a program that quotes the kernel is not the kernel', () => {
  const line =
    'sudo[99]: core : PWD=/home/core ; USER=root ; COMMAND=/usr/bin/grep Kernel panic - not syncing'
  expect(matchLine(line, { source: 'journal' })).toEqual([])
  expect(matchLine('sshd[9]: WARNING: CPU: 0 PID: 1 at x', { source: 'journal' })).toEqual([])
})

test('hostile lines cost linear time', () => {
  const parts = [
    '[',
    ' ',
    '1',
    'a',
    'avc: ',
    'avc:  denied  {',
    'permissive=1',
    '/a',
    'x: ',
    '(',
    'general protection fault ',
    '\u001b[',
    'Failed to start ',
  ]
  const started = performance.now()
  for (const part of parts) {
    for (const prefix of ['', '[    1.0] ', 'a[1]: ', 'kernel: ', '/x/system-generators/', 'Process 1 (']) {
      const line = (prefix + part.repeat(8192)).slice(0, 8192)
      for (const source of ['console', 'journal'] as const) matchLine(line, { source })
    }
  }
  // 156 lines; a quadratic expression would need minutes.
  expect(performance.now() - started).toBeLessThan(5000)
})
