// Defects, each of which breaks one thing in the machines of a run by a piece of Ignition, and the tests that must turn red by it.

import { atBoot, file, masked, source, together, type Defect } from './defect-parts.test.data.ts'

/** Of the plain image, booted directly; all at once, because each breaks something else. */
export const plainDefects: readonly Defect[] = [
  {
    name: 'sshd takes passwords',
    subject: 'access',
    ignition: file('/etc/ssh/sshd_config.d/00-defect.conf', 'PasswordAuthentication yes\n'),
    detectedBy: {
      'access.password-refused': /Permission denied/,
      'access.sshd-config': /passwordauthentication no/,
    },
  },
  {
    name: 'a second account with uid 0',
    subject: 'users',
    ignition: {
      storage: { files: [{ path: '/etc/passwd', append: [source('toor:x:0:0::/root:/bin/bash\n')] }] },
    },
    detectedBy: { 'users.no-passwords': /toor/, 'ignition.empty': /toor/ },
  },
  {
    name: 'nobody keeps the clock',
    subject: 'boot',
    ignition: masked('systemd-timesyncd.service'),
    detectedBy: {
      'boot.time-sync': /"active"/,
      'security.exposure': /undefined/,
      'security.units': /NTP not supported/,
      'security.selinux.domains': /ntpd_t/,
    },
  },
  {
    name: 'a file that everybody may write',
    subject: 'files',
    ignition: file('/etc/defect', 'anybody\n', 0o666),
    detectedBy: { 'files.modes': /\/etc\/defect/ },
  },
  {
    name: 'what an editor left behind',
    subject: 'files',
    ignition: file('/etc/defect.bak', 'old\n'),
    detectedBy: { 'files.left-overs': /\/etc\/defect\.bak/ },
  },
  {
    name: 'a service that listens',
    subject: 'network',
    ignition: {
      systemd: {
        units: [
          {
            name: 'defect.socket',
            enabled: true,
            contents: '[Socket]\nListenStream=8080\nAccept=yes\n[Install]\nWantedBy=sockets.target\n',
          },
          { name: 'defect@.service', contents: '[Service]\nExecStart=/bin/true\nStandardInput=socket\n' },
        ],
      },
    },
    detectedBy: { 'network.listeners': /8080/ },
  },
  {
    name: 'a file with the label of another',
    subject: 'selinux',
    // Where a configuration extension is merged, /etc cannot be written.
    ignition: atBoot('defect-label', 'touch /etc/defect-label && chcon -t shadow_t /etc/defect-label; true'),
    detectedBy: { 'security.selinux.labels-of-image': /Would relabel \/etc\/defect-label/ },
  },
  {
    name: 'limits of services are undone',
    subject: 'cgroups',
    ignition: file(
      '/etc/systemd/system/service.d/90-defect.conf',
      '[Service]\nTasksMax=infinity\nCPUQuota=\n',
    ),
    detectedBy: { 'cgroups.tasks-max': /Expected: > 0 ⏎ Received: +0/, 'cgroups.cpu-quota': /20000 100000/ },
  },
  {
    name: 'extensions are merged whatever they are for',
    subject: 'extensions',
    ignition: file(
      '/etc/systemd/system/systemd-sysext.service.d/90-defect.conf',
      '[Service]\nExecStart=\nExecStart=systemd-sysext refresh --force\n',
    ),
    detectedBy: {
      'extensions.wrong-id': /misfit/,
      'extensions.wrong-version': /misfit/,
      'extensions.wrong-architecture': /misfit/,
      'extensions.level': /other-level/,
    },
  },
  {
    name: 'filesystems do not grow',
    subject: 'storage',
    ignition: {
      storage: { links: [{ path: '/etc/systemd/system/systemd-growfs@.service', target: '/dev/null' }] },
    },
    detectedBy: { 'storage.growfs-ext4': /Expected: > [\d.]+ ⏎ Received/ },
  },
  {
    name: 'the journal is kept in memory only',
    subject: 'systemd',
    ignition: masked('systemd-journal-flush.service'),
    detectedBy: {
      'systemd.journal-persists': /before the reboot/,
      'systemd.journal-user': /No journal files were opened/,
      'ignition.once': /reference-network/,
    },
  },
  {
    name: 'everybody reads the kernel log',
    subject: 'security',
    ignition: file('/etc/sysctl.d/99-defect.conf', 'kernel.dmesg_restrict = 0\n'),
    detectedBy: {
      'security.sysctl': /kernel\.dmesg_restrict = 0/,
      'security.kernel-secrets': /Expected: not 0$/m,
    },
  },
  {
    name: 'a boot with an error in its journal',
    subject: 'metrics',
    ignition: atBoot('defect-error', 'echo "<3>a defect complains"'),
    detectedBy: { 'boot.journal-errors': /a defect complains/ },
  },
  {
    name: 'a file of the config is changed afterwards',
    subject: 'ignition',
    ignition: atBoot(
      'defect-file',
      'test ! -e /opt/signalbox/inline/empty || echo changed >/opt/signalbox/inline/empty',
    ),
    detectedBy: { 'ignition.files.inline': /changed/ },
  },
]

/** Of machines that boot by firmware. */
export const firmwareDefects: readonly Defect[] = [
  {
    name: 'a boot that is never marked good',
    subject: 'boot',
    ignition: masked('systemd-bless-boot.service'),
    detectedBy: { 'boot.blessed': /reference_[\d.]+\+\d+(?:-\d+)?\.efi/ },
  },
]

/** Of the flavour `services`. */
export const serviceDefects: readonly Defect[] = [
  {
    name: 'docker filters no system calls',
    subject: 'docker',
    ignition: file('/etc/docker/daemon.json', '{"seccomp-profile": "unconfined"}\n'),
    detectedBy: { 'docker.seccomp': /Expected: 1\s+Received: 0/, 'docker.info': /seccomp/ },
  },
  {
    name: 'containers keep every capability',
    subject: 'podman',
    ignition: file(
      '/etc/containers/containers.conf',
      '[containers]\ndefault_capabilities = ["CAP_SYS_ADMIN"]\n',
    ),
    detectedBy: { 'podman.capabilities': /\+\s+"CapPrm: 0000000000200000"/ },
  },
  {
    name: 'etcd takes one operation in a transaction and no more',
    subject: 'etcd',
    ignition: file(
      '/etc/systemd/system/service.d/90-defect.conf',
      '[Service]\nEnvironment=ETCD_MAX_TXN_OPS=1\n',
    ),
    detectedBy: { 'etcd.transaction': /too many operations in txn request/ },
  },
]

/** Of the flavour `storage`. */
export const storageDefects: readonly Defect[] = [
  {
    name: 'encrypted disks are not opened',
    subject: 'storage',
    ignition: file(
      '/etc/systemd/system/systemd-cryptsetup@.service.d/90-defect.conf',
      '[Service]\nExecStart=\nExecStart=/bin/false\n',
    ),
    detectedBy: { 'storage.luks.crypttab': /dependency job for mnt-secret\.mount failed/ },
  },
  {
    name: 'everybody may mount what is exported',
    subject: 'storage',
    ignition: file('/etc/exports.d/defect.exports', '/srv/share *(rw,sync,no_subtree_check)\n'),
    detectedBy: { 'storage.nfs.refused': /Expected: 32\s+Received: 0/ },
  },
  {
    name: 'the kernel has no RAID 10',
    subject: 'storage',
    ignition: file('/etc/modprobe.d/defect.conf', 'install raid10 /bin/false\n'),
    detectedBy: { 'storage.raid.level-10': /mdadm: RUN_ARRAY failed/ },
  },
]

/** Of the plain image, for what several machines or a whole state show. */
export const linkDefects: readonly Defect[] = [
  {
    name: 'the kernel makes no VLANs',
    subject: 'network',
    ignition: file('/etc/modprobe.d/defect.conf', 'install 8021q /bin/false\n'),
    detectedBy: { 'network.vlan': /Device "sbx42" does not exist/ },
  },
  {
    name: 'a filter before what the machine serves',
    subject: 'demo',
    ignition: together(
      file(
        '/etc/defect.nft',
        'table inet defect {\n  chain in {\n    type filter hook input priority 0;\n    tcp dport 8080 reject\n  }\n}\n',
      ),
      atBoot('defect-filter', '/usr/sbin/nft -f /etc/defect.nft'),
    ),
    detectedBy: { 'demo.web-page': /Expected: 0\s+Received: 7/ },
  },
]

/** Of machines with disks on every bus. */
export const diskDefects: readonly Defect[] = [
  {
    name: 'disks have no names that last',
    subject: 'disks',
    // Names of partitions stay: the system is mounted by those. Names that the initrd gave are nobody's any more.
    ignition: together(
      file(
        '/etc/udev/rules.d/61-defect.rules',
        'SUBSYSTEM=="block", ENV{DEVTYPE}=="disk", KERNEL=="vd*|sd*|nvme*", SYMLINK=""\n',
      ),
      atBoot(
        'defect-names',
        'udevadm settle; cd /dev/disk/by-id && rm -f nvme-*4k scsi-*4k ata-*512 virtio-*4k; true',
      ),
    ),
    detectedBy: {
      'disks.bus.nvme': /nvme-QEMU_NVMe_Ctrl_nvme4k: not a block device/,
      'disks.bus.scsi': /scsi-0QEMU_QEMU_HARDDISK_scsi4k: not a block device/,
      'disks.bus.sata': /ata-QEMU_HARDDISK_sata512: not a block device/,
      'disks.bus.virtio': /virtio-virtio4k: not a block device/,
    },
  },
]

/** Of machines whose boot is looked at for what SELinux denies; it would fail every other test too. */
export const denialDefects: readonly Defect[] = [
  {
    name: 'a service reads at boot what its policy does not give it',
    subject: 'security',
    ignition: {
      systemd: {
        units: [
          {
            name: 'defect-denied.service',
            enabled: true,
            contents: [
              '[Service]',
              'Type=oneshot',
              'RemainAfterExit=yes',
              // A program of its label: systemd starts it in the domain of ntpd.
              "ExecStart=-/bin/sh -c 'cp /usr/bin/cat /opt/defect && chcon --type=ntpd_exec_t /opt/defect'",
              "ExecStart=-/bin/sh -c 'echo x >/opt/defect-secret && chcon --type=sshd_key_t /opt/defect-secret'",
              'ExecStart=-/opt/defect /opt/defect-secret',
              '[Install]',
              'WantedBy=multi-user.target',
              '',
            ].join('\n'),
          },
        ],
      },
    },
    detectedBy: {
      'security.selinux.permissive-boot': /- Array \[\]\s+\+ Array \[\s+\+ .*name=\\?"defect-secret/,
      'security.selinux.enforcing-boot': /- Array \[\]\s+\+ Array \[\s+\+ .*name=\\?"defect-secret/,
    },
  },
]

export const stateDefects: readonly Defect[] = [
  {
    name: 'a file that differs from machine to machine',
    subject: 'drift',
    ignition: atBoot(
      'defect-own',
      'test -e /etc/defect-own || cat /proc/sys/kernel/random/uuid >/etc/defect-own',
    ),
    detectedBy: { 'drift.twins': /defect-own/, 'drift.fresh': /defect-own/ },
  },
  {
    name: 'a file that differs from boot to boot',
    subject: 'drift',
    ignition: atBoot('defect-boots', 'echo booted >>/etc/defect-boots'),
    detectedBy: { 'drift.reboot': /defect-boots/ },
  },
]

/** Of machines that are updated. */
export const updateDefects: readonly Defect[] = [
  {
    name: 'nobody looks who has signed an update',
    subject: 'update',
    ignition: together(
      ...['10-usr-verity', '20-usr', '30-uki'].map((name) =>
        file(`/etc/sysupdate.d/${name}.transfer.d/99-defect.conf`, '[Transfer]\nVerify=no\n'),
      ),
    ),
    detectedBy: { 'update.signature': /cannot look for updates|resolved/ },
  },
]

/** Of machines with a TPM that boot by firmware, of the flavour `storage`. */
export const measuredDefects: readonly Defect[] = [
  {
    name: 'something is measured that no log knows of',
    subject: 'security',
    ignition: atBoot('defect-measured', `tpm2_pcrextend 7:sha256=${'ab'.repeat(32)}`),
    detectedBy: { 'security.measured-boot.event-log': /7 [0-9a-f]{64}/ },
  },
]

/** Of the flavour `wasm`. */
export const wasmDefects: readonly Defect[] = [
  {
    name: 'the runtime of containers starts nothing',
    subject: 'containers',
    ignition: file('/etc/containers/containers.conf', '[engine.runtimes]\ncrun = ["/usr/bin/false"]\n'),
    detectedBy: { 'podman.wasm': /`\/usr\/bin\/false --version` failed/ },
  },
]
