// Tunnels of WireGuard as wg-quick makes them at boot, out of files of the config.

import { expect, test } from '../../harness/index.ts'
import { dataUrl } from '../ignition/data-url.ts'
import { newKeys } from './keys.ts'

const [one, other] = [newKeys(), newKeys()]

/** The two are each other's peer, over the loopback device. */
const tunnels = [
  { name: 'kv0', own: one, peer: other, address: '10.100.0.2', port: 51821, peerPort: 51822 },
  { name: 'wg0', own: other, peer: one, address: '10.100.1.2', port: 51822, peerPort: 51821 },
] as const

const text = ({ own, peer, address, port, peerPort }: (typeof tunnels)[number]): string => `[Interface]
Address = ${address}/24
ListenPort = ${port}
PrivateKey = ${own.secret}
[Peer]
PublicKey = ${peer.public}
AllowedIPs = ${address.replace(/2$/, '99')}/32
Endpoint = 127.0.0.1:${peerPort}
PersistentKeepalive = 1
`

test(
  'network.wg-quick',
  {
    description:
      'Two tunnels that wg-quick is to make at boot are up, have their addresses and know each other.',
    aliases: ['cl.network.wireguard'],
    tags: ['system'],
    features: ['wireguard-tools'],
    firstBoot: true,
    ignition: {
      ignition: { version: '3.0.0' },
      storage: {
        files: tunnels.map((tunnel) => ({
          path: `/etc/wireguard/${tunnel.name}.conf`,
          mode: 0o600,
          contents: { source: dataUrl(text(tunnel)) },
        })),
      },
      systemd: { units: tunnels.map(({ name }) => ({ name: `wg-quick@${name}.service`, enabled: true })) },
    },
  },
  async ({ machine }) => {
    for (const { name, address, peer } of tunnels) {
      await expect(machine).toHaveActiveUnit(`wg-quick@${name}.service`)
      await expect(machine).toRun(['ip', '-4', '-oneline', 'address', 'show', name], {
        stdout: `${address}/24`,
      })
      const seen = async (): Promise<string> =>
        await machine.run(['wg', 'show', name, 'latest-handshakes'], { sudo: true })
      await expect.poll(seen).toMatch(/\t[1-9]\d*$/)
      expect(await seen()).toContain(`${peer.public}\t`)
    }
  },
)
