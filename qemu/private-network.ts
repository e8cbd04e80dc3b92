// The addresses of a cluster's private network, and what a guest needs to know of them. Pure: a machine's addresses
// follow from its cluster and its index, so that nobody has to hand them out, remember them or run a DHCP server.

import { createHash } from 'node:crypto'
import { UsageError } from '../harness/errors.ts'

/** One machine's addresses. IPv4 and IPv6 end in the same digits: 10.77.0.12 and fd77::12. */
export interface PrivateAddress {
  readonly mac: string
  readonly ipv4: string
  readonly ipv6: string
}

/** The network's own host, which answers pings, names and the time. */
export const SERVICE_ADDRESSES = { ipv4: '10.77.0.1', ipv6: 'fd77::1' } as const

/** Machines are `m0.<domain>`; of those that ICANN keeps for private use. */
export const CLUSTER_DOMAIN = 'cluster.internal'

/** The domains of the network's addresses. */
export const REVERSE_DOMAINS: readonly string[] = [
  '0.77.10.in-addr.arpa',
  '0.0.0.0.0.0.0.0.0.0.0.0.7.7.d.f.ip6.arpa',
]

/** Where `networkFile` belongs in the guest: before the files that the images bring, since the first match counts. */
export const PRIVATE_NETWORK_FILE = '/etc/systemd/network/10-signalbox-private.network'

// 10.77.0.10 to 10.77.0.254.
const FIRST_HOST = 10
const MAX_MACHINES = 245

/**
 * The addresses of machine `index` (0 to 244) in 10.77.0.0/24 and fd77::/64. The MAC is locally administered and the
 * same for the same cluster and index; one cluster in 65536 shares another's, which no machine can see, since each
 * cluster has its own switch. Throws UsageError for an index beyond the range.
 */
export function privateAddress(clusterId: string, index: number): PrivateAddress {
  const host = hostNumber(index)
  return { mac: macOf(clusterId, index), ipv4: `10.77.0.${host}`, ipv6: `fd77::${host}` }
}

/** The hardware address of the network's own host. */
export function serviceMac(clusterId: string): string {
  return macOf(clusterId, 0xff)
}

function macOf(clusterId: string, last: number): string {
  const digest = createHash('sha256').update(clusterId).digest()
  const bytes = [0x52, 0x54, 0x5b, digest.readUInt8(0), digest.readUInt8(1), last]
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':')
}

/**
 * The systemd.network(5) file for machine `index`: static addresses only, known at once (no duplicate address
 * detection), no default route, and nothing that boot waits for. The network's own host is the resolver for the cluster's
 * names and addresses, and for nothing else, and tells the time. networkd must be able to read it: mode 0644.
 */
export function networkFile(clusterId: string, index: number): string {
  const { mac, ipv4, ipv6 } = privateAddress(clusterId, index)
  return `[Match]
MACAddress=${mac}

[Link]
RequiredForOnline=no

[Network]
Description=Private network of the cluster
DHCP=no
IPv6AcceptRA=no
LinkLocalAddressing=ipv6
DNS=${SERVICE_ADDRESSES.ipv4}
Domains=${[CLUSTER_DOMAIN, ...REVERSE_DOMAINS.map((domain) => `~${domain}`)].join(' ')}
DNSDefaultRoute=no
DNSSEC=no
NTP=${SERVICE_ADDRESSES.ipv4}

[Address]
Address=${ipv4}/24

[Address]
Address=${ipv6}/64
DuplicateAddressDetection=none
`
}

function hostNumber(index: number): number {
  if (Number.isInteger(index) && index >= 0 && index < MAX_MACHINES) return FIRST_HOST + index
  throw new UsageError(`machine ${index} has no address on the private network`, {
    code: 'cluster-too-large',
    hint: `a cluster has at most ${MAX_MACHINES} machines`,
  })
}
