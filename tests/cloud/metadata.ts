// What a cloud tells its machines, as the image's agent writes it down.

import { describe, expect, test } from '../../harness/index.ts'

const address = String.raw`\d+\.\d+\.\d+\.\d+`

describe('cloud', { distros: ['flatcar'] }, () => {
  for (const [platform, keys] of [
    [
      'aws',
      [
        `COREOS_EC2_IPV4_LOCAL=${address}`,
        `COREOS_EC2_IPV4_PUBLIC=${address}`,
        String.raw`COREOS_EC2_HOSTNAME=\S+`,
      ],
    ],
    ['azure', [`COREOS_AZURE_IPV4_DYNAMIC=${address}`]],
  ] as const) {
    test(
      `metadata-${platform}`,
      {
        description: `The metadata of ${platform} are in the environment file of coreos-metadata.`,
        aliases: [`cl.metadata.${platform}`],
        platforms: [platform],
      },
      async ({ machine }) => {
        await machine.run(['systemctl', 'start', 'coreos-metadata.service'], { sudo: true })
        for (const key of keys)
          await expect
            .soft(machine)
            .toHaveFile('/run/metadata/flatcar', { containing: new RegExp(`^${key}$`, 'm') })
      },
    )
  }

  test(
    'disk-name',
    {
      description: 'The primary disk of an EC2 instance has its old name too.',
      aliases: ['coreos.misc.aws.diskfriendlyname'],
      platforms: ['aws'],
      versions: '>=1828.0.0',
    },
    async ({ machine }) => {
      await expect(machine).toRun(['test', '-b', '/dev/xvda'])
    },
  )

  test(
    'nvme-names',
    {
      description: 'NVMe disks of Azure have links that say which disk it is.',
      aliases: ['azure.nvme-friendly-naming'],
      platforms: ['azure'],
    },
    async ({ machine }) => {
      await expect(machine).toRun('command -v azure-nvme-id')
      const disks = await machine.run('ls /dev/nvme*n1 2>/dev/null | wc -l')
      const links = await machine.run('find /dev/disk/azure -type l 2>/dev/null | wc -l')
      expect(Number(links)).toBeGreaterThanOrEqual(Number(disks))
    },
  )

  test(
    'gce-agent',
    {
      description:
        'The agent of Google Compute Engine runs and was never restarted; the card is called eth0.',
      aliases: ['cl.misc.gce.oem'],
      platforms: ['gce'],
      versions: '>=2801.0.0',
    },
    async ({ machine }) => {
      await expect(machine).toHaveActiveUnit('oem-gce.service', { timeoutMs: 30_000 })
      await expect(machine).toRun('systemctl show --property=NRestarts --value oem-gce.service', {
        stdout: /^0$/,
      })
      await expect(machine).toRun(['ip', 'link', 'show', 'eth0'])
    },
  )
})
