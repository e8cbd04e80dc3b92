// Defects, each of which breaks one thing in the machines of a run by a piece of Ignition, and the tests that must turn red by it.

export interface Defect {
  readonly name: string
  /** Which subject's tests it proves. */
  readonly subject: string
  readonly ignition: Fragment
  /** Tests that fail, and what their failure says. */
  readonly detectedBy: Readonly<Record<string, RegExp>>
}

interface Fragment {
  readonly passwd?: object
  readonly storage?: { readonly files?: readonly object[]; readonly links?: readonly object[] }
  readonly systemd?: { readonly units: readonly object[] }
}

const source = (text: string): { readonly source: string } => ({
  source: `data:;base64,${Buffer.from(text).toString('base64')}`,
})

/** A file of root's. */
const file = (path: string, text: string, mode = 0o644): Fragment => ({
  storage: { files: [{ path, mode, overwrite: true, contents: source(text) }] },
})

/** A command at each boot, before users may log in. */
const atBoot = (name: string, command: string): Fragment => ({
  systemd: {
    units: [
      {
        name: `${name}.service`,
        enabled: true,
        contents: `[Unit]\nBefore=systemd-user-sessions.service ssh.service\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c '${command}'\n[Install]\nWantedBy=multi-user.target\n`,
      },
    ],
  },
})

const masked = (name: string): Fragment => ({ systemd: { units: [{ name, mask: true }] } })

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
    detectedBy: { 'cgroups.tasks-max': /0/, 'cgroups.cpu-quota': /20000 100000/ },
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
    detectedBy: { 'storage.growfs-ext4': /toBeGreaterThan|greater than/i },
  },
  {
    name: 'the journal is kept in memory only',
    subject: 'systemd',
    ignition: file('/etc/systemd/journald.conf.d/99-defect.conf', '[Journal]\nStorage=volatile\n'),
    detectedBy: { 'systemd.journal-persists': /before the reboot/ },
  },
  {
    name: 'everybody reads the kernel log',
    subject: 'security',
    ignition: file('/etc/sysctl.d/99-defect.conf', 'kernel.dmesg_restrict = 0\n'),
    detectedBy: {
      'security.sysctl': /kernel\.dmesg_restrict = 0/,
      'security.kernel-secrets': /./,
    },
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
    detectedBy: { 'boot.blessed': /./ },
  },
]

/** Of the flavour `services`. */
export const serviceDefects: readonly Defect[] = [
  {
    name: 'docker filters no system calls',
    subject: 'docker',
    ignition: file('/etc/docker/daemon.json', '{"seccomp-profile": "unconfined"}\n'),
    detectedBy: { 'docker.seccomp': /./, 'docker.info': /seccomp/ },
  },
  {
    name: 'containers keep every capability',
    subject: 'podman',
    ignition: file(
      '/etc/containers/containers.conf',
      '[containers]\ndefault_capabilities = ["CAP_SYS_ADMIN"]\n',
    ),
    detectedBy: { 'podman.capabilities': /./ },
  },
  {
    name: 'etcd takes 1 MiB and no more',
    subject: 'etcd',
    ignition: file(
      '/etc/systemd/system/service.d/90-defect.conf',
      '[Service]\nEnvironment=ETCD_MAX_TXN_OPS=1\n',
    ),
    detectedBy: { 'etcd.transaction': /./ },
  },
]

/** Of the flavour `storage`. */
export const storageDefects: readonly Defect[] = [
  {
    name: 'encrypted disks are not opened',
    subject: 'storage',
    ignition: {
      storage: {
        links: [{ path: '/etc/systemd/system-generators/systemd-cryptsetup-generator', target: '/dev/null' }],
      },
    },
    detectedBy: { 'storage.luks.crypttab': /./ },
  },
]

export interface DefectRun {
  readonly title: string
  readonly defects: readonly Defect[]
  /** What chooses the machines. */
  readonly options: readonly string[]
  /** Which tests look for the defects: all that these name, and no others may fail. */
  readonly tests: readonly string[]
}

export const defectRuns: readonly DefectRun[] = [
  {
    title: 'the plain image',
    defects: plainDefects,
    options: [],
    tests: [
      'access',
      'boot',
      'cgroups',
      'extensions',
      'files',
      'ignition',
      'network.listeners',
      'network.resolver',
      'security',
      'storage.growfs-*',
      'storage.full-*',
      'systemd',
      'users',
    ],
  },
  {
    title: 'a boot by firmware',
    defects: firmwareDefects,
    options: ['--firmware', 'uefi'],
    tests: ['boot.blessed', 'boot.targets'],
  },
  {
    title: 'etcd and containers',
    defects: serviceDefects,
    options: ['--flavour', 'services'],
    tests: [
      'docker.info',
      'docker.seccomp',
      'podman.info',
      'podman.capabilities',
      'etcd.keys',
      'etcd.transaction',
    ],
  },
  {
    title: 'extra disks',
    defects: storageDefects,
    options: ['--flavour', 'storage'],
    tests: ['storage.luks', 'storage.lvm'],
  },
]

/** All of them in one config, spec 3.0. */
export function asIgnition(defects: readonly Defect[]): string {
  const all = defects.map(({ ignition }) => ignition)
  return JSON.stringify({
    ignition: { version: '3.0.0' },
    storage: {
      files: all.flatMap(({ storage }) => storage?.files ?? []),
      links: all.flatMap(({ storage }) => storage?.links ?? []),
    },
    systemd: { units: all.flatMap(({ systemd }) => systemd?.units ?? []) },
  })
}
