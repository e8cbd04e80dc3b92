// Addresses on the private network, and the files for the guests.

import { isIPv4, isIPv6 } from 'node:net'
import { describe, expect, test } from 'vitest'
import { hostsLines, networkFile, privateAddress } from './private-network.ts'

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

    [Address]
    Address=10.77.0.11/24

    [Address]
    Address=fd77::11/64
    DuplicateAddressDetection=none
    "
  `)
})

describe('hostsLines', () => {
  test('names every machine in both families', () => {
    expect(hostsLines(['m0', 'm1'])).toEqual(['10.77.0.10 m0', '10.77.0.11 m1', 'fd77::10 m0', 'fd77::11 m1'])
    expect(hostsLines([])).toEqual([])
  })

  test.each([['m0\n127.0.0.1 evil'], [''], ['a b'], ['-a'], ['m#']])('%j is no host name', (name) => {
    expect(() => hostsLines([name])).toThrow(expect.objectContaining({ code: 'bad-host-name' }))
  })

  test('a name twice is refused', () => {
    expect(() => hostsLines(['a', 'b', 'a'])).toThrow('two machines are called "a"')
  })
})
