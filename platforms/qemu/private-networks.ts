// The private networks of QEMU clusters behind the harness's seam: a switch in this process, and fixed addresses.

import type { Duplex } from 'node:stream'
import { UsageError } from '../../harness/errors.ts'
import type { PrivateNetwork, PrivateNetworks } from '../../harness/machine.ts'
import {
  CLUSTER_DOMAIN,
  networkFile,
  openClusterNetwork,
  PRIVATE_NETWORK_FILE,
  privateAddress,
  SERVICE_ADDRESSES,
  type ClusterNetwork,
} from '../../qemu/index.ts'

// The same for all: no machine ever meets one of another cluster, and a template's machines keep their addresses.
const CLUSTER = 'signalbox'

const networks = new WeakMap<PrivateNetwork, ClusterNetwork>()

export const privateNetworks: PrivateNetworks = {
  open(machines) {
    const cluster = openClusterNetwork({ clusterId: CLUSTER, machines })
    const { ethernet, clock } = cluster
    const network: PrivateNetwork = {
      domain: CLUSTER_DOMAIN,
      services: SERVICE_ADDRESSES,
      clock,
      cut: (name) => ethernet.cut(name),
      heal: (name) => ethernet.heal(name),
      partition: (groups) => ethernet.partition(groups),
      delay: (name, ms, jitterMs) => ethernet.delay(name, ms, jitterMs),
      loss: (name, share) => ethernet.loss(name, share),
      [Symbol.dispose]: () => cluster[Symbol.dispose](),
    }
    networks.set(network, cluster)
    return network
  },
  place(index) {
    const { ipv4, ipv6 } = privateAddress(CLUSTER, index)
    return {
      ipv4,
      ipv6,
      file: { path: PRIVATE_NETWORK_FILE, text: networkFile(CLUSTER, index), mode: 0o644 },
    }
  },
}

/** The hardware address of place `index`. */
export function privateMac(index: number): string {
  return privateAddress(CLUSTER, index).mac
}

/** Plugs a power cycle of the machine at place `index` into its cluster's switch. */
export function plugIn(network: PrivateNetwork, stream: Duplex, index: number): void {
  const cluster = networks.get(network)
  if (cluster === undefined) throw new UsageError('this network is not of QEMU', { code: 'foreign-network' })
  cluster.plugIn(stream, index)
}
