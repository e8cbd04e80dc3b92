// An overlay network of flannel, which shares out its subnets through etcd.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { put } from '../etcd/gateway.ts'
import { startEtcd } from '../etcd/members.ts'
import { expectPings, putDockerBehind } from './docker-behind.ts'
import { addressesOf } from './private-link.ts'

const sudo = { sudo: true } as const

describe(
  'network.flannel',
  {
    // Debian has no flanneld, and its image is on the Internet: an image with all says so in its features.
    features: ['etcd', 'flannel', 'docker'],
    machines: 3,
    privateNetwork: true,
    tags: ['system'],
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
          description: `A machine reaches the bridge of docker of another one over flannel's ${backend} backend, by addresses of its network.`,
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
          const address = async (machine: Machine): Promise<string | undefined> =>
            (await addressesOf(machine, device))[0]
          for (const machine of machines)
            await expect
              .poll(async () => await address(machine), { timeoutMs: 60_000 * machine.slowness })
              .toMatch(/^10\.254\.\d+\.\d+$/)
          const lease = await last.readFile('/run/flannel/subnet.env')
          expect(lease).toMatch(/^FLANNEL_NETWORK=10\.254\.0\.0\/16$/m)
          const [, subnet = ''] = /^FLANNEL_SUBNET=(10\.254\.\d+\.1\/24)$/m.exec(lease) ?? []
          const bridge = await putDockerBehind(last, subnet)
          await expectPings(first, { device, source: (await address(first)) ?? '' }, bridge)
        },
      )
    }
  },
)
