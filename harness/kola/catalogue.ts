// The tests that Flatcar's kola registers for Flatcar, by name (mantle's kola/tests as of 2026). A test here is the twin of one when
// it carries its name as an alias and asserts at least as much; what has no twin says what it would take.

/** Subject, and its tests: a name alone has a twin; else what is needed for one, as few words as say it exactly. */
type Subject = readonly (string | readonly [name: string, needs: string])[]

const internet = (what: string): string => `the Internet: ${what}`
const kubernetes = internet(
  'Kubernetes (extensions.flatcar.org, registry.k8s.io), Helm and the images of a CNI',
)
const updateEngine = "Flatcar's update_engine and OEM payloads"
const oldSpec = (version: number): string =>
  `an Ignition that reads spec ${version}.x; the one here begins at 3.0, and what the test asserts is asserted in spec 3`
const root = 'a root filesystem that Ignition makes anew: the initrd here grows the one of the image'
const unlockedRoot = `${root}, and clevis in the initrd`
const oemDisk = "Flatcar's OEM partition with its own grub.cfg"
const cloudInit = "coreos-cloudinit; the image's only provisioner is Ignition"
const zfs = internet("Flatcar's ZFS extension (bincache.flatcar-linux.net)")
const torcx = 'torcx, which Flatcar has had no more since 3760'
const developerContainer = internet("Flatcar's developer container and its binary packages")
const nvidia = 'an NVIDIA card, its driver and Kubernetes'

const subjects: Readonly<Record<string, Subject>> = {
  core: ['cl.basic', 'cl.internet'],
  docker: [
    'docker.base',
    'docker.selinux',
    'docker.network-nmap-ncat',
    'docker.network-openbsd-nc',
    'docker.userns',
    'docker.btrfs-storage',
    'docker.devicemapper-storage',
    'docker.lib-coreos-dockerd-compat',
    'docker.containerd-restart',
    'docker.enable-service.torcx',
    'docker.enable-service.sysext',
    'docker.oldclient',
    'docker.torcx-manifest-pkgs',
  ],
  etcd: [
    'cl.etcd-member.discovery',
    'cl.etcd-member.v2-backup-restore',
    'cl.etcd-member.etcdctlv3',
    'cl.flannel.udp',
    'cl.flannel.vxlan',
    'cl.locksmith.cluster',
    'coreos.locksmith.reboot',
    ['coreos.locksmith.tls', "locksmithd, Flatcar's own reboot manager"],
  ],
  kubeadm: [
    ...['v1.36.1', 'v1.35.1', 'v1.34.4'].flatMap((version) =>
      ['calico', 'flannel', 'cilium'].map((cni) => [`kubeadm.${version}.${cni}.base`, kubernetes] as const),
    ),
    ...['calico', 'flannel', 'cilium'].map(
      (cni) => [`kubeadm.v1.34.4.${cni}.cgroupv1.base`, kubernetes] as const,
    ),
  ],
  update: [
    'cl.update.payload',
    'cl.update.payload-boot-part-too-small',
    ['cl.update.docker-btrfs-compat', `${updateEngine}, before 3760`],
    'cl.update.oem',
    'cl.update.reboot',
    'cl.update.badverity',
    'coreos.update.badusr',
    'cl.omaha.ping',
    ['cl.sysext.boot.old', 'Flatcar before 3603, whose OEM partition is /usr/share/oem'],
    ['cl.sysext.boot', "the links that Flatcar's initrd makes for its OEM extensions"],
    ['cl.sysext.fallbackdownload', internet("Flatcar's OEM extensions (bincache.flatcar-linux.net)")],
  ],
  extensions: [
    'sysext.simple.old',
    'sysext.simple',
    'confext.skiprefresh',
    ['sysext.custom-docker.torcx', torcx],
    'sysext.custom-docker.sysext',
    'sysext.disable-docker',
    'sysext.disable-containerd',
    ['sysext.custom-oem', developerContainer],
    'sysext.zfs.reboot',
    ['sysext.zfs.docker', zfs],
    ['sysext.zfs.nfs', zfs],
  ],
  disks: [
    ['cl.tpm.root-cryptenroll', unlockedRoot],
    ['cl.tpm.root-cryptenroll-pcr-noupdate', unlockedRoot],
    ['cl.tpm.root-cryptenroll-pcr-withupdate', unlockedRoot],
    ['cl.tpm.root', unlockedRoot],
    ['cl.tpm.nonroot', 'clevis in the initrd, where Ignition calls it'],
    'cl.tpm.eventlog',
    ['cl.tang.root', unlockedRoot],
    ['cl.tang.nonroot', 'clevis in the initrd, where Ignition calls it'],
    ['cl.disk.raid0.root', root],
    ['cl.disk.raid1.root', root],
    'cl.disk.raid0.data',
    'cl.disk.raid1.data',
    'cl.verity',
  ],
  ignition: [
    'cl.ignition.misc.empty',
    ['cl.ignition.v1.noop', oldSpec(1)],
    'cl.ignition.v2.noop',
    'cl.ignition.v1.once',
    'coreos.ignition.once',
    ['cl.ignition.translation', oldSpec(2)],
    ['cl.ignition.v1.btrfsroot', root],
    ['cl.ignition.v1.xfsroot', root],
    ['cl.ignition.v1.ext4root', root],
    ['cl.ignition.v2.xfsroot', root],
    ['cl.ignition.v2.ext4root', root],
    ['cl.ignition.v2.btrfsroot', root],
    'cl.ignition.v2_1.ext4checkexisting',
    'cl.ignition.v2_1.vfat',
    'cl.ignition.v2_1.swap',
    'cl.swap_activation',
    ['cl.ignition.partition_on_boot_disk', 'room on the boot disk: the root filesystem here takes all of it'],
    ['cl.ignition.kargs', "ignition-kargs, Flatcar's helper that writes the loader's arguments"],
    'cl.ignition.luks',
    ['cl.ignition.oem.regular', oemDisk],
    ['cl.ignition.oem.indirect', oemDisk],
    ['cl.ignition.oem.regular.new', oemDisk],
    ['cl.ignition.oem.indirect.new', oemDisk],
    ['cl.ignition.oem.reuse', oemDisk],
    ['cl.ignition.oem.wipe', oemDisk],
    'cl.ignition.v1.groups',
    'coreos.ignition.groups',
    'cl.ignition.v1.users',
    'cl.ignition.v2.users',
    'coreos.ignition.resource.local',
    ['coreos.ignition.resource.remote', internet('the S3 bucket kola-fixtures')],
    ['coreos.ignition.resource.s3', 'the platform aws, with an IAM role for the bucket kola-fixtures'],
    ['coreos.ignition.resource.s3.versioned', internet('the S3 bucket kola-fixtures')],
    'coreos.ignition.security.tls',
    'cl.ignition.v1.sethostname',
    'coreos.ignition.sethostname',
    'cl.ignition.v1.ssh.key',
    'coreos.ignition.ssh.key',
    'cl.ignition.symlink',
    'coreos.ignition.systemd.enable-service',
    'cl.ignition.instantiated.enable-unit',
  ],
  network: [
    'cl.network.listeners',
    'cl.network.listeners.legacy',
    'cl.network.initramfs.second-boot',
    'cl.network.wireguard',
    'cl.network.nftables',
    ['cl.network.iptables', 'iptables with a service that restores saved rules'],
    'linux.nfs.v3',
    'linux.nfs.v4',
    'linux.ntp',
    'coreos.tls.fetch-urls',
  ],
  cloudinit: [
    ['cl.cloudinit.basic', cloudInit],
    ['cl.cloudinit.script', cloudInit],
    ['cl.cloudinit.multipart-mime', cloudInit],
    ['cl.install.cloudinit', cloudInit],
  ],
  system: [
    [
      'cl.overlay.cleanup',
      "Flatcar's service that takes copies equal to the image's out of the /etc overlay",
    ],
    'cl.osreset.ignition-rerun',
    'cl.filesystem',
    'cl.users.shells',
    'coreos.auth.verify',
    'cl.toolbox.dnf-install',
    'misc.fips',
    'cl.cgroupv1',
    ['bpf.ig', internet("Inspektor Gadget's extension (extensions.flatcar.org)")],
    ['cl.misc.falco', internet("falco's driver loader (Docker Hub)")],
    ['packages', 'ipvsadm and open-iscsi in the image, and a target'],
    ['systemd.journal.remote', 'systemd-journal-remote in the image'],
    'systemd.journal.user',
    'systemd.sysusers.gshadow',
    ['devcontainer.systemd-nspawn', developerContainer],
    ['devcontainer.docker', developerContainer],
  ],
  selinux: ['coreos.selinux.enforce', 'coreos.selinux.boolean'],
  cloud: [
    'cl.metadata.aws',
    'cl.metadata.azure',
    'coreos.misc.aws.diskfriendlyname',
    'azure.nvme-friendly-naming',
    'cl.misc.gce.oem',
    'cl.misc.nvidia',
    ['cl.misc.nvidia-operator', nvidia],
    ['cl.misc.nvidia-sysext', nvidia],
    ['cl.misc.nvidia-sysext-operator', nvidia],
  ],
}

/** One test of kola. */
export interface KolaTest {
  readonly name: string
  readonly subject: string
  /** What a twin would take; undefined: it has one. */
  readonly needs: string | undefined
}

/** Flatcar's kola tests by subject, as in its sources. */
export const kolaCatalogue: readonly KolaTest[] = Object.entries(subjects).flatMap(([subject, tests]) =>
  tests.map((test) => {
    const [name, needs] = typeof test === 'string' ? [test, undefined] : test
    return { name, subject, needs }
  }),
)
