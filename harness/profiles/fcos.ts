// Fedora CoreOS.

import type { DistroProfile } from './profile.ts'

export const fcos: DistroProfile = {
  name: 'fcos',
  title: 'Fedora CoreOS',
  // ID is `fedora` for every Fedora.
  readyOsRelease: { field: 'VARIANT_ID', value: 'coreos' },
  fwCfgKey: 'opt/com.coreos/config',
  ignitionVersions: [
    { version: '3.0.0' },
    { version: '3.1.0' },
    { version: '3.2.0' },
    { version: '3.3.0' },
    { version: '3.4.0' },
    { version: '3.5.0' },
  ],
  defaultUser: 'core',
  updateClient: undefined,
  updatesOff: {
    files: [
      { path: '/etc/zincati/config.d/90-signalbox.toml', text: '[updates]\nenabled = false\n', mode: 0o644 },
    ],
  },
  programFolder: '/usr/local/bin',
  snapshot: {
    pristineEtc: '/usr/etc',
    packages: "rpm --query --all --queryformat '%{NAME} %{VERSION}-%{RELEASE}\\n'",
  },
  consoleDevice: { x86_64: 'ttyS0', arm64: 'ttyAMA0', riscv64: 'ttyS0' },
}
