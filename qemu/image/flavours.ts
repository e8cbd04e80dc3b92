// Flavours of the reference image: the same recipe with more Debian packages, for tests of what runs on top of an OS. Nothing of
// it starts by itself; a test starts what it is about.

export interface Flavour {
  /** Debian packages beside those of the recipe, without recommends. */
  readonly packages: readonly string[]
  /** What tests may ask for by name in their requirement `features`. */
  readonly features: readonly string[]
  /** What its initrd has beside that of the recipe, for Ignition: programs and files by path. */
  readonly initrd?: {
    readonly files: readonly string[]
    /** Kernel modules. */
    readonly modules: readonly string[]
    /** Modules of dracut beside the recipe's own. */
    readonly dracut: readonly string[]
  }
  /** Generators of systemd that run in it although the recipe leaves them out. */
  readonly generators?: readonly string[]
}

export const flavours = {
  /** What clusters and containers are made of. */
  services: {
    packages: [
      'etcd-server',
      'etcd-client',
      'podman',
      'crun',
      'netavark',
      'aardvark-dns',
      'docker.io',
      'docker-cli',
      'containerd',
      'btrfs-progs',
      // A name server that has SRV records.
      'dnsmasq-base',
      'iptables',
      'systemd-journal-remote',
      'auditd',
      'polkitd',
      'wireguard-tools',
      'openssl',
      'openssl-provider-fips',
    ],
    features: [
      'etcd',
      'podman',
      'docker',
      'containerd',
      'btrfs',
      'dnsmasq',
      'iptables',
      'journal-remote',
      'auditd',
      'polkit',
      'wireguard-tools',
      'openssl-fips',
    ],
    initrd: { files: ['/usr/sbin/mkfs.btrfs'], modules: ['btrfs'], dracut: [] },
  },
  /** Containers of WebAssembly. Apart, because the runtime brings LLVM along: 120 MB. */
  wasm: {
    packages: ['podman', 'crun', 'netavark', 'libwasmedge0'],
    features: ['podman', 'wasm'],
  },
  /** What extra disks are made into: arrays, encrypted and logical volumes, other filesystems, shares over the network. */
  storage: {
    packages: [
      'mdadm',
      'lvm2',
      'btrfs-progs',
      'xfsprogs',
      'nfs-kernel-server',
      'nfs-common',
      'clevis',
      'clevis-luks',
      'clevis-systemd',
      'clevis-tpm2',
      'tang',
      'tpm2-tools',
      'libtss2-rc0t64',
      'open-iscsi',
      'ipvsadm',
      'multipath-tools',
    ],
    features: [
      'mdadm',
      'lvm',
      'btrfs',
      'xfs',
      'nfs',
      'luks',
      'clevis',
      'tang',
      'tpm2-tools',
      'open-iscsi',
      'ipvsadm',
      'multipath',
    ],
    initrd: {
      files: [
        '/usr/sbin/mdadm',
        '/usr/lib/udev/rules.d/63-md-raid-arrays.rules',
        '/usr/lib/udev/rules.d/64-md-raid-assembly.rules',
        '/usr/sbin/cryptsetup',
        '/usr/sbin/mkfs.btrfs',
        '/usr/sbin/mkfs.xfs',
      ],
      modules: ['raid0', 'raid1', 'raid456', 'dm-crypt', 'xts', 'btrfs', 'xfs'],
      dracut: ['reference-unlock'],
    },
    generators: ['systemd-cryptsetup-generator'],
  },
} as const satisfies Readonly<Record<string, Flavour>>

export type FlavourName = keyof typeof flavours

/** The flavour by its name, with what it may leave out; nothing for the plain image. */
export function flavourOf(name: FlavourName | undefined): Flavour | undefined {
  return name === undefined ? undefined : flavours[name]
}

export const flavourNames = Object.keys(flavours) as readonly FlavourName[]
