// Networks over the network: encrypted between two machines, and one segment for all of a cluster, as overlays of containers have.

import { describe, expect, test } from '../../harness/index.ts'
import { newKeys } from './keys.ts'
import { configure, fixed, network, ping } from './private-link.ts'

const sudo = { sudo: true } as const

describe('network', { distros: ['reference', 'flatcar'], privateNetwork: true, tags: ['system'] }, () => {
  test(
    'wireguard',
    {
      description:
        'Two machines reach each other through a WireGuard tunnel, nobody with another key does, and it outlives an outage.',
      aliases: ['cl.network.wireguard'],
      machines: 2,
    },
    async ({ cluster }) => {
      const [a, b] = cluster.machines
      if (a === undefined || b === undefined) throw new Error('two machines were asked for')
      const [keysA, keysB, stranger] = [newKeys(), newKeys(), newKeys()]
      const tunnel = (secret: string, peer: readonly string[]): string =>
        [
          '[NetDev]\nName=sbx-wg\nKind=wireguard\n',
          `[WireGuard]\nPrivateKey=${secret}\nListenPort=51820\n`,
          `[WireGuardPeer]\n${peer.join('\n')}\n`,
        ].join('\n')
      await configure(a, {
        '05-wg.netdev': tunnel(keysA.secret, [`PublicKey=${keysB.public}`, 'AllowedIPs=192.0.2.11/32']),
        '05-wg.network': network('sbx-wg', fixed(['192.0.2.10/24'])),
      })
      const towardsA = [
        `PublicKey=${keysA.public}`,
        'AllowedIPs=192.0.2.10/32',
        `Endpoint=${a.privateAddress?.ipv4}:51820`,
      ]
      const join = async (secret: string): Promise<void> => {
        await configure(b, {
          '05-wg.netdev': tunnel(secret, towardsA),
          '05-wg.network': network('sbx-wg', fixed(['192.0.2.11/24'])),
        })
        await expect(b).toRun(['ip', '-4', '-oneline', 'address', 'show', 'sbx-wg'], {
          stdout: '192.0.2.11/24',
          timeoutMs: 8000,
        })
      }
      await test.step('with a key that is not known', async () => {
        await join(stranger.secret)
        const refused = await b.exec(ping('192.0.2.10'), sudo)
        expect(refused.exitCode).toBe(1)
        expect(refused.stdout).toContain('100% packet loss')
        await b.run(['ip', 'link', 'delete', 'sbx-wg'], sudo)
      })
      await test.step('with the right one', async () => {
        await join(keysB.secret)
        await expect(b).toRun(ping('192.0.2.10'), { ...sudo, timeoutMs: 10_000 })
        await expect(a).toRun(ping('192.0.2.11'), { ...sudo, timeoutMs: 10_000 })
      })
      await test.step('over an outage', async () => {
        cluster.network.cut(a.name)
        await expect(b).toRun(ping('192.0.2.10'), { ...sudo, exitCode: 1, timeoutMs: 10_000 })
        cluster.network.heal()
        await expect(b).toRun(ping('192.0.2.10'), { ...sudo, timeoutMs: 10_000 })
      })
    },
  )

  test(
    'vxlan',
    {
      description: 'Three machines reach each other through VXLAN, told who is where, as flannel tells them.',
      aliases: ['cl.flannel.vxlan'],
      machines: 3,
    },
    async ({ cluster }) => {
      const { machines } = cluster
      const inner = (index: number): string => `192.0.2.${10 + index}`
      const hardware = (index: number): string => `52:54:5b:00:77:0${index}`
      await Promise.all(
        machines.map(async (machine, index) => {
          const others = machines.flatMap(({ privateAddress }, at) =>
            at === index
              ? []
              : [
                  `[Neighbor]\nAddress=${inner(at)}\nLinkLayerAddress=${hardware(at)}\n`,
                  `[BridgeFDB]\nMACAddress=${hardware(at)}\nDestination=${privateAddress?.ipv4}\n`,
                ],
          )
          const segment = `VNI=77\nLocal=${machine.privateAddress?.ipv4}\nDestinationPort=4789\nIndependent=yes`
          const device = `Name=sbx-vx\nKind=vxlan\nMACAddress=${hardware(index)}`
          await configure(machine, {
            '05-overlay.netdev': `[NetDev]\n${device}\n\n[VXLAN]\n${segment}\nMacLearning=no\n`,
            '05-overlay.network': network('sbx-vx', fixed([`${inner(index)}/24`]), ...others),
          })
        }),
      )
      for (const machine of machines) {
        for (const [index, other] of machines.entries()) {
          if (other !== machine)
            await expect(machine).toRun(ping(inner(index)), { ...sudo, timeoutMs: 10_000 })
        }
        await expect(machine).toRun(['ip', '-details', 'link', 'show', 'sbx-vx'], {
          stdout: 'vxlan id 77 ',
        })
      }
    },
  )
})
