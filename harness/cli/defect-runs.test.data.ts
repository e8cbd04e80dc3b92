// The runs that put defects into machines: those of one run are there at once, since each breaks something else.

import type { Defect } from './defect-parts.test.data.ts'
import {
  denialDefects,
  diskDefects,
  firmwareDefects,
  linkDefects,
  measuredDefects,
  plainDefects,
  serviceDefects,
  stateDefects,
  storageDefects,
  updateDefects,
  wasmDefects,
} from './defects.test.data.ts'

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
    tests: ['storage.luks', 'storage.lvm', 'storage.nfs.refused', 'storage.raid.level-*'],
  },
  {
    title: 'links between machines',
    defects: linkDefects,
    options: [],
    tests: ['network.vlan', 'network.static', 'demo'],
  },
  { title: 'disks on every bus', defects: diskDefects, options: [], tests: ['disks.bus'] },
  {
    title: 'a denial at boot',
    defects: denialDefects,
    options: [],
    tests: ['security.selinux.*-boot'],
  },
  { title: 'the state as a whole', defects: stateDefects, options: [], tests: ['drift'] },
  {
    title: 'updates',
    defects: updateDefects,
    options: ['--firmware', 'uefi'],
    tests: ['update.signature', 'update.boot-partition-full'],
  },
  {
    title: 'measured boot',
    defects: measuredDefects,
    options: ['--firmware', 'uefi', '--flavour', 'storage'],
    tests: ['security.measured-boot'],
  },
  { title: 'WebAssembly', defects: wasmDefects, options: ['--flavour', 'wasm'], tests: ['podman.wasm'] },
]
