// The machine that the tests about disks share: a second, empty disk that Ignition partitions and formats, and a
// primary disk larger than the image.

import type { Requirements } from '../../harness/index.ts'
import { dataUrl } from '../ignition/data-url.ts'

export const filesystemUuid = '6b6f6c61-5a5a-4a5a-8a5a-7369676e616c'

export const fatUuid = 'C0FE-5A5A'

export const swapUuid = '73776170-5a5a-4a5a-8a5a-7369676e616c'

export const partitionUuid = 'c0ffee00-5a5a-4a5a-8a5a-7369676e616c'

const label = (name: string): string => `/dev/disk/by-partlabel/${name}`

const mount = [
  '[Mount]',
  `What=${label('sbx-data')}`,
  'Where=/var/data',
  'Type=ext4',
  '',
  '[Install]',
  'RequiredBy=local-fs.target',
  '',
]
// systemd-escape --path /dev/disk/by-partlabel/sbx-swap
const swapUnit = 'dev-disk-by\\x2dpartlabel-sbx\\x2dswap.swap'
const swap = ['[Swap]', `What=${label('sbx-swap')}`, '', '[Install]', 'RequiredBy=swap.target', '']

export const swapFile = '/var/sbx-swap/file'
const makeSwapFile = [
  '[Unit]',
  'RequiresMountsFor=/var',
  'ConditionPathExists=!/var/sbx-swap/file',
  'DefaultDependencies=no',
  '',
  '[Service]',
  'Type=oneshot',
  'ExecStart=/usr/bin/mkdir -p /var/sbx-swap',
  `ExecStart=/usr/bin/fallocate --length 1024MiB ${swapFile}`,
  `ExecStart=/usr/bin/chmod 600 ${swapFile}`,
  `ExecStart=/usr/sbin/mkswap ${swapFile}`,
  '',
]
const swapFileUnit = [
  '[Unit]',
  'Requires=sbx-make-swap.service',
  'After=sbx-make-swap.service',
  '',
  '[Swap]',
  `What=${swapFile}`,
  '',
  '[Install]',
  'WantedBy=multi-user.target',
  '',
]

/** All tests must say exactly this to be given the same boot. */
export const secondDisk: Requirements = {
  exclusive: false,
  disks: [{ serial: 'data', sizeMiB: 256 }],
  primaryDiskMiB: 6144,
  ignition: {
    ignition: { version: '3.0.0' },
    storage: {
      disks: [
        {
          device: '/dev/disk/by-id/virtio-data',
          wipeTable: true,
          partitions: [
            { number: 1, label: 'sbx-data', sizeMiB: 96, guid: partitionUuid },
            { number: 2, label: 'sbx-fat', sizeMiB: 48 },
            { number: 3, label: 'sbx-swap' },
          ],
        },
      ],
      filesystems: [
        {
          device: label('sbx-data'),
          format: 'ext4',
          label: 'data',
          uuid: filesystemUuid,
          path: '/var/data',
          wipeFilesystem: true,
        },
        { device: label('sbx-fat'), format: 'vfat', label: 'SBXFAT', uuid: fatUuid, wipeFilesystem: true },
        {
          device: label('sbx-swap'),
          format: 'swap',
          label: 'sbx-swap',
          uuid: swapUuid,
          wipeFilesystem: true,
        },
      ],
      files: [{ path: '/var/data/from-ignition', contents: { source: dataUrl('on the second disk\n') } }],
    },
    systemd: {
      units: [
        { name: 'var-data.mount', enabled: true, contents: mount.join('\n') },
        { name: swapUnit, enabled: true, contents: swap.join('\n') },
        { name: 'sbx-make-swap.service', contents: makeSwapFile.join('\n') },
        // systemd-escape --path /var/sbx-swap/file
        { name: 'var-sbx\\x2dswap-file.swap', enabled: true, contents: swapFileUnit.join('\n') },
      ],
    },
  },
}
