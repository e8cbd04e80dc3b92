// The private network of one cluster: a switch, and on it a host in this process that knows the machines' names and the
// time. Two of them never meet, whatever addresses their machines have.

import type { Duplex } from 'node:stream'
import type { Random } from './delay-line.ts'
import { openSwitch, type EthernetSwitch } from './ethernet-switch.ts'
import {
  CLUSTER_DOMAIN,
  privateAddress,
  REVERSE_DOMAINS,
  SERVICE_ADDRESSES,
  serviceMac,
} from './private-network.ts'
import { addressBytes } from './service-host/addresses.ts'
import { openClock, type NetworkClock } from './service-host/clock.ts'
import type { NamedHost } from './service-host/names.ts'
import { serviceHost } from './service-host/service-host.ts'

export interface ClusterNetworkOptions {
  readonly clusterId: string
  /** How many machines it has from the beginning: `m0`, `m1`, ... Their names resolve before they are there. */
  readonly machines: number
  /** Default `Math.random`. */
  readonly random?: Random
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number
}

export interface ClusterNetwork extends Disposable {
  readonly ethernet: EthernetSwitch
  readonly clock: NetworkClock
  /** Plugs in a power cycle of the machine at place `index`, as `m<index>`; from now on its name resolves. */
  plugIn(stream: Duplex, index: number): void
}

/** Its name at the switch, to be cut like a machine. */
export const SERVICES = 'services'

/** Opens a network. Disposing unplugs everybody. */
export function openClusterNetwork(options: ClusterNetworkOptions): ClusterNetwork {
  const { clusterId, machines, random, nowMs = Date.now } = options
  const ethernet = openSwitch(random === undefined ? {} : { random })
  const hosts: NamedHost[] = [SERVICES, 'ntp'].map((name) => ({ name, ...SERVICE_ADDRESSES }))
  const byAddress = new Map<string, string>()
  const know = (index: number): void => {
    const name = nameOf(index)
    if (hosts.some((host) => host.name === name)) return
    const { ipv4, ipv6 } = privateAddress(clusterId, index)
    hosts.push({ name, ipv4, ipv6 })
    for (const address of [ipv4, ipv6]) byAddress.set(addressBytes(address).toString('hex'), name)
  }
  for (let index = 0; index < machines; index += 1) know(index)
  const clock = openClock({ nowMs, nameOf: (address) => byAddress.get(address.toString('hex')) })
  const cable = serviceHost({
    mac: serviceMac(clusterId),
    ...SERVICE_ADDRESSES,
    zone: { domain: CLUSTER_DOMAIN, reverseDomains: REVERSE_DOMAINS, hosts: () => hosts },
    answerTime: (request, source) => clock.answer(request, source),
  })
  ethernet.connect(cable, SERVICES, { everywhere: true })
  return {
    ethernet,
    clock,
    plugIn: (stream, index) => {
      know(index)
      ethernet.connect(stream, nameOf(index))
    },
    [Symbol.dispose]: () => ethernet[Symbol.dispose](),
  }
}

function nameOf(index: number): string {
  return `m${index}`
}
