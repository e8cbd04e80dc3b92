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
  const digest = createHash('sha256').update(clusterId).digest()
  const bytes = [0x52, 0x54, 0x5b, digest.readUInt8(0), digest.readUInt8(1), index]
  const mac = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':')
  return { mac, ...ipAddresses(host) }
}

/**
 * The systemd.network(5) file for machine `index`: static addresses only, known at once (no duplicate address
 * detection), no default route, and nothing that boot waits for. networkd must be able to read it: mode 0644.
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

[Address]
Address=${ipv4}/24

[Address]
Address=${ipv6}/64
DuplicateAddressDetection=none
`
}

/**
 * The lines of hosts(5) for a cluster's machines, the name of machine `index` at that place. Throws UsageError for what
 * is no host name, and for a name that is there twice.
 */
export function hostsLines(names: readonly string[]): readonly string[] {
  for (const [index, name] of names.entries()) {
    if (!/^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/i.test(name)) {
      throw new UsageError(`"${name}" is no host name`, {
        code: 'bad-host-name',
        hint: 'use up to 63 letters, digits, "-", "_" and "."',
      })
    }
    if (names.indexOf(name) !== index) {
      throw new UsageError(`two machines are called "${name}"`, { code: 'bad-host-name' })
    }
  }
  const addresses = names.map((name, index) => ({ name, ...ipAddresses(hostNumber(index)) }))
  return [
    ...addresses.map(({ name, ipv4 }) => `${ipv4} ${name}`),
    ...addresses.map(({ name, ipv6 }) => `${ipv6} ${name}`),
  ]
}

function ipAddresses(host: number): { readonly ipv4: string; readonly ipv6: string } {
  return { ipv4: `10.77.0.${host}`, ipv6: `fd77::${host}` }
}

function hostNumber(index: number): number {
  if (Number.isInteger(index) && index >= 0 && index < MAX_MACHINES) return FIRST_HOST + index
  throw new UsageError(`machine ${index} has no address on the private network`, {
    code: 'cluster-too-large',
    hint: `a cluster has at most ${MAX_MACHINES} machines`,
  })
}
