// The machine gets its address and its resolver from DHCP.

import { describe, expect, test } from '../../harness/index.ts'
import { releaseOf } from '../extensions/extension.ts'

interface Link {
  readonly ifname: string
  readonly operstate: string
  readonly addr_info: readonly { readonly local: string; readonly dynamic?: boolean }[]
}

interface Route {
  readonly gateway: string
  readonly dev: string
  readonly protocol: string
}

describe('network', { exclusive: false }, () => {
  test(
    'dhcp',
    {
      description: 'One interface has a leased IPv4 address and the default route, and the gateway answers.',
      tags: ['smoke'],
    },
    async ({ machine }) => {
      const links = JSON.parse(await machine.run('ip -4 -json address show scope global')) as readonly Link[]
      const leased = links.filter((link) => link.addr_info.some(({ dynamic }) => dynamic === true))
      expect(leased.map(({ operstate }) => operstate)).toEqual(['UP'])
      const routes = JSON.parse(await machine.run('ip -4 -json route show default')) as readonly Route[]
      expect(routes).toEqual([expect.objectContaining({ protocol: 'dhcp', dev: leased[0]?.ifname })])
      // ARP, not ICMP: not every gateway answers a ping.
      const gateway = routes[0]?.gateway ?? ''
      await expect(machine).toRun(['arping', '-c', '1', '-I', leased[0]?.ifname ?? '', gateway], {
        sudo: true,
      })
      await expect(machine).toRun(['networkctl', 'status', leased[0]?.ifname ?? ''], {
        stdout: /State: routable \(configured\)/,
      })
    },
  )

  test(
    'resolver',
    {
      description:
        'resolv.conf is that of systemd-resolved, which asks the DNS server from DHCP: its stub, on Flatcar the server itself.',
      aliases: ['cl.basic'],
    },
    async ({ machine }) => {
      const isFlatcar = (await releaseOf(machine)).ID === 'flatcar'
      const file = `/run/systemd/resolve/${isFlatcar ? '' : 'stub-'}resolv.conf`
      await expect(machine).toHaveFile('/etc/resolv.conf', {
        type: 'link',
        ...(isFlatcar ? {} : { target: `..${file}` }),
      })
      expect(await machine.run(['readlink', '-f', '/etc/resolv.conf'])).toBe(file)
      await expect(machine).toHaveFile(file, {
        containing: isFlatcar ? /^nameserver (?!127\.)\S+$/m : /^nameserver 127\.0\.0\.53$/m,
      })
      await expect(machine).toHaveActiveUnit('systemd-resolved.service')
      await expect(machine).toRun(['resolvectl', 'dns'], { stdout: /^Link \d+ \(\S+\): \d+\.\d+\.\d+\.\d+/m })
      // `_gateway` is a name that systemd-resolved makes up itself: the whole way works without a server.
      const routes = JSON.parse(await machine.run('ip -4 -json route show default')) as readonly Route[]
      const answer = await machine.run(['getent', 'ahostsv4', '_gateway'])
      expect(answer.split(/\s+/)[0]).toBe(routes[0]?.gateway)
    },
  )
})
