// What runs in the reference image: links made in /usr, units left out. A Flatcar-like system starts little, and under
// emulation every start counts.

/** `[unit, target]`: wired by a link in `/usr/lib/systemd/system/<target>.wants` (or `.requires`). */
export const wiredUnits: readonly (readonly [string, string])[] = [
  ['ssh.service', 'multi-user.target.wants'],
  ['systemd-networkd.service', 'multi-user.target.wants'],
  ['systemd-networkd.socket', 'sockets.target.wants'],
  ['systemd-resolved.service', 'multi-user.target.wants'],
  ['systemd-timesyncd.service', 'multi-user.target.wants'],
  ['sshd-keygen.service', 'sysinit.target.wants'],
  ['reference-first-boot.service', 'sysinit.target.wants'],
  ['reference-health.service', 'boot-complete.target.requires'],
  ['reference-first-boot-done.service', 'multi-user.target.wants'],
  ['reference-milestone.service', 'multi-user.target.wants'],
  ['reference-boot-deadline.timer', 'sysinit.target.wants'],
  ['reference-update-report.service', 'multi-user.target.wants'],
]

/** `[alias, unit]`: names that D-Bus activation and people use. */
export const unitAliases: readonly (readonly [string, string])[] = [
  ['dbus-org.freedesktop.resolve1.service', 'systemd-resolved.service'],
  ['dbus-org.freedesktop.network1.service', 'systemd-networkd.service'],
  ['dbus-org.freedesktop.timesync1.service', 'systemd-timesyncd.service'],
  ['sshd.service', 'ssh.service'],
  ['default.target', 'multi-user.target'],
]

/** Units that nothing shall pull in: their links are removed, the units stay. */
export const unwiredUnits: readonly string[] = [
  'systemd-hwdb-update.service',
  'ldconfig.service',
  'systemd-journal-catalog-update.service',
  'systemd-update-done.service',
  'systemd-firstboot.service',
  'sys-kernel-debug.mount',
  'sys-kernel-tracing.mount',
  'sys-kernel-config.mount',
  'sys-fs-fuse-connections.mount',
  'dev-hugepages.mount',
  'dev-mqueue.mount',
  'proc-sys-fs-binfmt_misc.automount',
  'systemd-binfmt.service',
  'systemd-pcrmachine.service',
  'systemd-pcrphase.service',
  'systemd-pcrphase-sysinit.service',
  'systemd-pcrphase-initrd.service',
  'systemd-pcrextend.socket',
  'systemd-pcrlock.socket',
  'systemd-tpm2-setup.service',
  'systemd-tpm2-setup-early.service',
  'systemd-creds.socket',
  'systemd-bootctl.socket',
  'systemd-sysext.socket',
  'systemd-importd.socket',
  'systemd-machined.socket',
  'systemd-initctl.socket',
  'systemd-hibernate-clear.service',
  'systemd-repart.service',
  'systemd-boot-update.service',
  'systemd-network-generator.service',
  'systemd-pstore.service',
  'systemd-journald-audit.socket',
  'dracut-shutdown.service',
  'integritysetup.target',
  'cryptsetup.target',
  'getty-static.service',
  'var-lib-machines.mount',
  'machines.target',
  'remote-fs.target',
  'selinux-autorelabel-mark.service',
  'e2scrub_reap.service',
  'modprobe@drm.service',
  'systemd-battery-check.service',
  'systemd-bsod.service',
  'systemd-tmpfiles-setup-dev-early.service',
  'run-lock.mount',
]

/** Units masked in /usr: wanted by name from units that stay, or by a generator. */
export const maskedUnits: readonly string[] = [
  'modprobe@drm.service',
  'systemd-remount-fs.service',
  'systemd-udev-load-credentials.service',
]

/** Unit files that go: something other than a link (udev, name lookups, `Also=`) would start them. */
export const droppedUnits: readonly string[] = [
  'sys-fs-fuse-connections.mount',
  'systemd-nsresourced.service',
  'systemd-nsresourced.socket',
  'systemd-mountfsd.service',
  'systemd-mountfsd.socket',
  'systemd-userdbd.service',
  'systemd-userdbd.socket',
  'systemd-networkd-persistent-storage.service',
  // Links to dracut's units, which are gone after the initrd was built.
  'initrd.target.wants',
  ...[
    'cmdline',
    'initqueue',
    'mount',
    'pre-mount',
    'pre-pivot',
    'pre-trigger',
    'pre-udev',
    'shutdown',
    'shutdown-onfailure',
  ].map((stage) => `dracut-${stage}.service`),
]

/** Generators that only cost time here. */
export const droppedGenerators: readonly string[] = [
  'systemd-ssh-generator',
  'systemd-tpm2-generator',
  'systemd-integritysetup-generator',
  'systemd-cryptsetup-generator',
  'systemd-import-generator',
  'systemd-system-update-generator',
  'systemd-hibernate-resume-generator',
  'systemd-gpt-auto-generator',
  'systemd-sysv-generator',
  'systemd-rc-local-generator',
  'selinux-autorelabel-generator.sh',
]

/** A line of a unit as Debian ships it, and what takes its place: orderings cannot be taken back by a drop-in. */
export interface UnitEdit {
  readonly unit: string
  readonly from: string
  readonly to: string
}

/** Whoever waits for SSH waits for less: name resolution, clock and seats come up beside it and no longer before. */
export const unitEdits: readonly UnitEdit[] = [
  {
    unit: 'ssh.service',
    from: 'After=network.target nss-user-lookup.target auditd.service',
    to: 'After=nss-user-lookup.target sshd-keygen.service',
  },
  {
    unit: 'systemd-resolved.service',
    from: 'Before=sysinit.target network.target nss-lookup.target shutdown.target initrd-switch-root.target',
    to: 'Before=nss-lookup.target shutdown.target initrd-switch-root.target\nAfter=ssh.service',
  },
  {
    unit: 'systemd-timesyncd.service',
    from: 'Before=time-set.target sysinit.target shutdown.target',
    to: 'Before=time-set.target shutdown.target\nAfter=ssh.service',
  },
  { unit: 'systemd-logind.service', from: 'After=dbus.socket', to: 'After=dbus.socket ssh.service' },
]
