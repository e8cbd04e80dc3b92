// The recipe of the reference image as data: packages, users, what runs, what is left out, how the disk is cut. The files
// that go into the guest lie in `recipe/`. Both are part of the cache key: whoever changes either gets a new image.

import { join } from 'node:path'
import { packageRoot } from '../../harness/package-root.ts'

/** Raised when the code of a step changes what it makes; data changes are noticed by themselves. */
export const recipeVersion = 3

/** The folder with the guest's files, the dracut module and the commands that run inside the tree. */
export const recipeFolder = join(packageRoot, 'qemu', 'image', 'recipe')

export const suite = 'trixie'

/** Every timestamp of the image: 2024-01-01, so that two builds agree. */
export const sourceDateEpoch = 1_704_067_200

/** Host programs' packages (Debian names) that a build needs; `doctor` and the setup install them. */
export const hostPackages: readonly string[] = [
  'mmdebstrap',
  'debian-archive-keyring',
  'erofs-utils',
  'cryptsetup-bin',
  'gdisk',
  'sbsigntool',
  'dosfstools',
  'mtools',
  'e2fsprogs',
  'attr',
  'tar',
  'zstd',
  'xz-utils',
  'util-linux',
  'qemu-utils',
]

/** Guest packages, without recommends, on top of the essential ones; the kernel's is in architectures.ts. */
export const packages: readonly string[] = [
  // systemd and its parts; -container holds sysupdate, -boot-tools bless-boot, -cryptsetup the verity generator.
  'systemd',
  'systemd-sysv',
  'udev',
  'dbus',
  'libpam-systemd',
  'libnss-systemd',
  'libnss-resolve',
  'systemd-resolved',
  'systemd-timesyncd',
  'systemd-container',
  'systemd-repart',
  'systemd-cryptsetup',
  'systemd-boot-efi',
  'systemd-boot',
  'systemd-boot-tools',
  // Boot.
  'dracut',
  'dracut-network',
  'ignition',
  'cryptsetup-bin',
  // SELinux.
  'selinux-policy-default',
  'selinux-utils',
  'policycoreutils',
  // Network and access.
  'openssh-server',
  'iproute2',
  'iputils-ping',
  'nftables',
  'curl',
  'ca-certificates',
  'netbase',
  // Disks.
  'e2fsprogs',
  'dosfstools',
  'gdisk',
  'fdisk',
  'mount',
  'util-linux',
  // What people expect at a prompt.
  'sudo',
  'passwd',
  'login',
  'kmod',
  'procps',
  'psmisc',
  'less',
  'jq',
  'busybox',
  'vim-tiny',
  'tar',
  'gzip',
  'xz-utils',
  'zstd',
  'attr',
  'acl',
  // systemd-sysupdate asks gpg whether SHA256SUMS is signed by a key of /etc/systemd/import-pubring.gpg.
  'gpg',
]

/** The kernel's arguments on every boot, after the root hash and before those of the architecture. */
export const kernelArguments: readonly string[] = [
  // By its own label, and of any type: a config may have put it on an array or into an encrypted volume.
  'root=LABEL=ROOT',
  'rw',
  'mount.usrfstype=erofs',
  'mount.usrflags=ro',
  'systemd.verity_usr_options=panic-on-corruption',
  'systemd.firstboot=no',
  'panic=5',
  // A slow or busy host is no failure: emulated machines miss the default of 90 s when a few share two cores.
  'systemd.default_device_timeout_sec=300',
  'systemd.default_timeout_start_sec=300',
  // SELinux, permissive by /etc/selinux/config, so that a machine may be told otherwise (`enforcing=1`); the other modules that
  // Debian turns on by default only cost time.
  'lsm=landlock,yama,selinux',
  'selinux=1',
  // Not `audit=0`: without audit the kernel says nothing of what SELinux denies. Its system call records are off all the same.
  // CPU seconds from QEMU's start to the first SSH command, on a busy two-core host: 145 at first (166 with the walk over
  // all presets, see ignition-finish), 93 with the arguments below, 67 with fewer udev events and a third of the SELinux
  // policy, 60 with the ELF kernel, 55 with SSH not waiting for resolved and timesyncd. SELinux itself costs 5.
  // Under emulation every page-table switch empties the TLB: without page-table isolation and the other mitigations a boot
  // costs a third less CPU. This image guards nothing.
  'mitigations=off',
  'init_on_alloc=0',
  'rcupdate.rcu_expedited=1',
  'quiet',
]

/** Added on a machine's first boot. Harmless later: the initrd looks for the stamp of an earlier run. */
export const firstBootArguments: readonly string[] = ['ignition.firstboot=1', 'ignition.platform.id=qemu']

/** The disk's partitions in MiB. Both slots hold what a large /usr (containers, etcd) may need later; they are sparse. */
export const partitionSizesMiB = { esp: 192, usr: 640, verity: 8, oem: 32, root: 512 } as const
