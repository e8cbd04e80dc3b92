// Addresses on the private network, and the files for the guests.

import { isIPv4, isIPv6 } from 'node:net'
import { describe, expect, test } from 'vitest'
import {
  networkFile,
  privateAddress,
  REVERSE_DOMAINS,
  SERVICE_ADDRESSES,
  serviceMac,
} from './private-network.ts'
import { reverseName } from './service-host/addresses.ts'

describe('privateAddress', () => {
  test('follows from the cluster and the index', () => {
    expect(privateAddress('etcd-1', 0)).toEqual({
      mac: '52:54:5b:44:53:00',
      ipv4: '10.77.0.10',
      ipv6: 'fd77::10',
    })
    expect(privateAddress('etcd-1', 2)).toEqual(privateAddress('etcd-1', 2))
    expect(privateAddress('etcd-2', 0).mac).not.toBe(privateAddress('etcd-1', 0).mac)
  })

  test('a cluster may have 245 machines', () => {
    const all = Array.from({ length: 245 }, (_, index) => privateAddress('c', index))
    for (const { mac, ipv4, ipv6 } of all) {
      // 0x52: unicast, locally administered.
      expect(mac).toMatch(/^52:54:5b(:[0-9a-f]{2}){3}$/)
      expect(isIPv4(ipv4) && isIPv6(ipv6)).toBe(true)
    }
    for (const key of ['mac', 'ipv4', 'ipv6'] as const) {
      expect(new Set(all.map((address) => address[key])).size).toBe(245)
    }
    expect(all.at(-1)).toMatchObject({ ipv4: '10.77.0.254', ipv6: 'fd77::254' })
  })

  test('the network’s own host has addresses that no machine has', () => {
    const all = Array.from({ length: 245 }, (_, index) => privateAddress('c', index))
    const { ipv4, ipv6 } = SERVICE_ADDRESSES
    expect(all.map((address) => address.mac)).not.toContain(serviceMac('c'))
    expect(all.flatMap((address) => [address.ipv4, address.ipv6])).not.toContain(ipv4)
    for (const address of [ipv4, ipv6, all.at(-1)?.ipv4 ?? '', all.at(-1)?.ipv6 ?? '']) {
      expect(REVERSE_DOMAINS.filter((domain) => reverseName(address).endsWith(`.${domain}`))).toHaveLength(1)
    }
  })

  test.each([-1, 245, 0.5, Number.NaN])('index %d is refused', (index) => {
    expect(() => privateAddress('c', index)).toThrow(
      expect.objectContaining({ code: 'cluster-too-large', name: 'UsageError' }),
    )
  })
})

test('networkFile', () => {
  expect(networkFile('etcd-1', 1)).toMatchInlineSnapshot(`
    "[Match]
    MACAddress=52:54:5b:44:53:01

    [Link]
    RequiredForOnline=no

    [Network]
    Description=Private network of the cluster
    DHCP=no
    IPv6AcceptRA=no
    LinkLocalAddressing=ipv6
    DNS=10.77.0.1
    Domains=cluster.internal ~0.77.10.in-addr.arpa ~0.0.0.0.0.0.0.0.0.0.0.0.7.7.d.f.ip6.arpa
    DNSDefaultRoute=no
    DNSSEC=no
    NTP=10.77.0.1

    [Address]
    Address=10.77.0.11/24

    [Address]
    Address=fd77::11/64
    DuplicateAddressDetection=none
    "
  `)
})
