// A private network that is a switch of qemu/ in this process: what the harness may do to it, for every platform whose machines
// plug into one.

import type { Duplex } from 'node:stream'
import { UsageError } from '../harness/errors.ts'
import type { PrivateNetwork } from '../harness/machine.ts'
import { CLUSTER_DOMAIN, openClusterNetwork, SERVICE_ADDRESSES, type ClusterNetwork } from '../qemu/index.ts'

const clusters = new WeakMap<PrivateNetwork, ClusterNetwork>()

/** A network with a place for each of so many machines; `clusterId` decides their addresses. */
export function openSwitchedNetwork(clusterId: string, machines: number): PrivateNetwork {
  const cluster = openClusterNetwork({ clusterId, machines })
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
  clusters.set(network, cluster)
  return network
}

/** Plugs a card into the switch at place `index`. Throws UsageError `foreign-network` for one that is no switch of ours. */
export function plugIntoSwitch(network: PrivateNetwork, card: Duplex, index: number): void {
  const cluster = clusters.get(network)
  if (cluster === undefined) {
    throw new UsageError('this network is of another platform', { code: 'foreign-network' })
  }
  cluster.plugIn(card, index)
}
