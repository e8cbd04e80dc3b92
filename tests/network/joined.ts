// Links out of links: a bridge that a guest of the machine shares, and a bond that outlives one of its cables.

import { describe, expect, test } from '../../harness/index.ts'
import {
  addressesOf,
  configure,
  fixed,
  links,
  network,
  ping,
  privateLink,
  type Link,
} from './private-link.ts'

const sudo = { sudo: true } as const

describe('network', { distros: ['reference', 'flatcar'], tags: ['system'] }, () => {
  test(
    'bridge',
    {
      description:
        'What hangs on a bridge of one machine, here a network namespace, is reached by the other machine.',
      machines: 2,
      privateNetwork: true,
    },
    async ({ cluster }) => {
      const [a, b] = cluster.machines
      if (a === undefined || b === undefined) throw new Error('two machines were asked for')
      await configure(a, {
        '05-bridge.netdev': '[NetDev]\nName=sbx-br\nKind=bridge\n',
        '05-private.network': network(await privateLink(a), '[Network]\nBridge=sbx-br\n'),
        '05-bridge.network': network('sbx-br', fixed(['192.0.2.10/24'])),
      })
      await configure(b, { '05-private.network': network(await privateLink(b), fixed(['192.0.2.11/24'])) })
      await expect(b).toRun(ping('192.0.2.10'), { ...sudo, timeoutMs: 8000 })
      await a.run(
        `set -e
         ip netns add guest
         ip link add sbx-out type veth peer name inside netns guest
         ip -n guest address add 192.0.2.30/24 dev inside
         ip -n guest link set inside up
         ip link set sbx-out up`,
        sudo,
      )
      const notYet = await b.exec(ping('192.0.2.30'), sudo)
      expect(notYet.exitCode).toBe(1)
      await a.run(['ip', 'link', 'set', 'sbx-out', 'master', 'sbx-br'], sudo)
      await expect(b).toRun(ping('192.0.2.30'), { ...sudo, timeoutMs: 8000 })
      await expect(a).toRun(['ip', 'netns', 'exec', 'guest', ...ping('192.0.2.11')], {
        ...sudo,
        timeoutMs: 8000,
      })
    },
  )

  test(
    'bond',
    {
      description: 'A bond goes on over its second card when the cable of the first is pulled.',
      platforms: ['qemu'],
      // It plugs cards in.
      excludeArchitectures: ['riscv64'],
    },
    async ({ machine }) => {
      const known = (await links(machine)).map(({ ifname }) => ifname)
      // Each card is on a network of its own; whose gateway answers tells which card is used.
      const cards: string[] = []
      const gateways: string[] = []
      for (const name of ['one', 'two']) {
        await machine.addNic(name)
        // Not by its name at first, which udev changes, but by its lease.
        let found: readonly Link[] = []
        const leased = async (): Promise<number> => {
          const others = (await links(machine)).filter(({ ifname }) => !known.includes(ifname))
          found = others.filter(({ addr_info }) => addr_info.some(({ dynamic }) => dynamic === true))
          return found.length
        }
        await expect.poll(leased, { timeoutMs: 8000 * machine.slowness }).toBe(1)
        const [card] = found
        if (card === undefined) throw new Error(`no card ${name}`)
        known.push(card.ifname)
        cards.push(card.ifname)
        const [address = ''] = await addressesOf(machine, card.ifname)
        gateways.push(address.replace(/\.\d+$/, '.2'))
      }
      const [first = '', second = ''] = cards
      const [firstGateway = '', secondGateway = ''] = gateways
      const address = (gateway: string): string => gateway.replace(/\.\d+$/, '.77/24')
      const bond = '[NetDev]\nName=sbx-bond\nKind=bond\n\n[Bond]\nMode=active-backup\nMIIMonitorSec=100ms\n'
      await configure(machine, {
        '05-bond.netdev': bond,
        '05-first.network': network(first, '[Network]\nBond=sbx-bond\nPrimarySlave=yes\n'),
        '05-second.network': network(second, '[Network]\nBond=sbx-bond\n'),
        '05-bond.network': network('sbx-bond', fixed(gateways.map(address))),
      })
      const active = '/sys/class/net/sbx-bond/bonding/active_slave'
      const slaves = '/sys/class/net/sbx-bond/bonding/slaves'
      await expect(machine).toHaveFile(slaves, { containing: second, timeoutMs: 8000 })
      await expect(machine).toHaveFile(active, { content: `${first}\n`, timeoutMs: 8000 })
      const arping = (gateway: string): readonly string[] => [
        'arping',
        '-c1',
        '-w5',
        '-I',
        'sbx-bond',
        gateway,
      ]
      await expect(machine).toRun(arping(firstGateway), { ...sudo, timeoutMs: 8000 })
      await machine.setLink('one', 'down')
      await expect(machine).toHaveFile(active, { content: `${second}\n`, timeoutMs: 8000 })
      await expect(machine).toRun(arping(secondGateway), { ...sudo, timeoutMs: 8000 })
      await machine.setLink('one', 'up')
      await expect(machine).toHaveFile(active, { content: `${first}\n`, timeoutMs: 8000 })
      await expect(machine).toRun(arping(firstGateway), { ...sudo, timeoutMs: 8000 })
    },
  )
})
