// Flatcar Container Linux.

import type { DistroProfile } from './profile.ts'

export const flatcar: DistroProfile = {
  name: 'flatcar',
  title: 'Flatcar Container Linux',
  readyOsRelease: { field: 'ID', value: 'flatcar' },
  fwCfgKey: 'opt/org.flatcar-linux/config',
  // 3185 was the first with Ignition 2 (spec 3); it still takes spec 2.x and translates it. Ignition 2.15, the first
  // with spec 3.4.0, came with the alpha of March 2023.
  ignitionVersions: [
    { version: '2.0.0' },
    { version: '2.1.0' },
    { version: '2.2.0' },
    { version: '2.3.0' },
    { version: '3.0.0', since: '3185.0.0' },
    { version: '3.1.0', since: '3185.0.0' },
    { version: '3.2.0', since: '3185.0.0' },
    { version: '3.3.0', since: '3185.0.0' },
    { version: '3.4.0', since: '3549.0.0' },
  ],
  defaultUser: 'core',
  updateClient: 'update_engine',
  // `disabled` is no keyword of update_engine: as an unusable URL it makes every check fail, while the service runs.
  updatesOff: { files: [{ path: '/etc/flatcar/update.conf', text: 'SERVER=disabled\n', mode: 0o644 }] },
  programFolder: '/opt/bin',
  // The lower layer of the overlay on /etc; what packages it has, an image does not say.
  snapshot: { pristineEtc: '/usr/share/flatcar/etc' },
  consoleDevice: { x86_64: 'ttyS0', arm64: 'ttyAMA0', riscv64: 'ttyS0' },
}
