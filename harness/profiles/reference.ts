// The reference image that Signalbox builds from Debian packages.

import type { DistroProfile } from './profile.ts'

export const reference: DistroProfile = {
  name: 'reference',
  title: 'Signalbox reference image',
  readyOsRelease: { field: 'ID', value: 'reference' },
  fwCfgKey: 'opt/com.coreos/config',
  // Debian 13 ships Ignition 2.14.
  ignitionVersions: [{ version: '3.0.0' }, { version: '3.1.0' }, { version: '3.2.0' }, { version: '3.3.0' }],
  defaultUser: 'core',
  updateClient: 'systemd-sysupdate',
  updatesOff: { units: [{ name: 'systemd-sysupdate.timer', mask: true }] },
  programFolder: '/opt/bin',
  snapshot: {
    pristineEtc: '/usr/share/reference/etc',
    packages: 'cat /usr/share/reference/packages.txt',
  },
  consoleDevice: { x86_64: 'ttyS0', arm64: 'ttyAMA0', riscv64: 'ttyS0' },
}
