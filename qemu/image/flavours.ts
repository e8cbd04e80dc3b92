// Flavours of the reference image: the same recipe with more Debian packages, for tests of what runs on top of an OS. Nothing of
// it starts by itself; a test starts what it is about.

export interface Flavour {
  /** Debian packages beside those of the recipe, without recommends. */
  readonly packages: readonly string[]
  /** What tests may ask for by name in their requirement `features`. */
  readonly features: readonly string[]
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
    ],
    features: ['etcd', 'podman', 'docker', 'btrfs', 'dnsmasq'],
  },
  /** Containers of WebAssembly. Apart, because the runtime brings LLVM along: 120 MB. */
  wasm: {
    packages: ['podman', 'crun', 'netavark', 'libwasmedge0'],
    features: ['podman', 'wasm'],
  },
} as const satisfies Readonly<Record<string, Flavour>>

export type FlavourName = keyof typeof flavours

export const flavourNames = Object.keys(flavours) as readonly FlavourName[]
