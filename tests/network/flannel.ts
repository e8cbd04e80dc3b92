// An overlay network of flannel, which shares out its subnets through etcd.

import { describe, expect, test } from '../../harness/index.ts'
import { put } from '../etcd/gateway.ts'
import { startEtcd } from '../etcd/members.ts'

const sudo = { sudo: true } as const

describe(
  'network.flannel',
  {
    // Debian has no flanneld, and its image is on the Internet: an image with both says so in its features.
    features: ['etcd', 'flannel'],
    machines: 3,
    privateNetwork: true,
    tags: ['network', 'system'],
    timeoutMs: 180_000,
  },
  () => {
    for (const [backend, device] of [
      ['udp', 'flannel0'],
      ['vxlan', 'flannel.1'],
    ] as const) {
      test(
        backend,
        {
          description: `Machines reach each other over flannel's ${backend} backend, by addresses of its network.`,
          aliases: [`cl.flannel.${backend}`],
        },
        async ({ cluster }) => {
          const { machines } = cluster
          const [first, , last] = machines
          if (first === undefined || last === undefined) throw new Error('three machines were asked for')
          await startEtcd(cluster)
          const config = { Network: '10.254.0.0/16', Backend: { Type: backend } }
          await put(first, '/coreos.com/network/config', JSON.stringify(config))
          for (const machine of machines)
            await machine.run(
              ['systemd-run', '--unit=flanneld', 'flanneld', `--iface=${machine.privateAddress?.ipv4}`],
              sudo,
            )
          const address = async (): Promise<string> =>
            (
              await last.exec(`ip -4 -json address show ${device} | jq -r '.[0].addr_info[0].local'`)
            ).stdout.trim()
          await expect.poll(address, { timeoutMs: 60_000 * last.slowness }).toMatch(/^10\.254\.\d+\.\d+$/)
          await expect(first).toRun(['ping', '-c10', '-W20', await address()], sudo)
        },
      )
    }
  },
)
