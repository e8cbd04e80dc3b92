// The private networks of QEMU clusters behind the harness's seam: a switch in this process, and fixed addresses.

import type { Duplex } from 'node:stream'
import { UsageError } from '../../harness/errors.ts'
import type { PrivateNetwork, PrivateNetworks } from '../../harness/machine.ts'
import { networkFile, openSwitch, PRIVATE_NETWORK_FILE, privateAddress } from '../../qemu/index.ts'

// The same for all: no machine ever meets one of another cluster, and a template's machines keep their addresses.
const CLUSTER = 'signalbox'

const switches = new WeakMap<PrivateNetwork, ReturnType<typeof openSwitch>>()

export const privateNetworks: PrivateNetworks = {
  open() {
    const ethernet = openSwitch()
    const network: PrivateNetwork = {
      cut: (name) => ethernet.cut(name),
      heal: (name) => ethernet.heal(name),
      partition: (groups) => ethernet.partition(groups),
      [Symbol.dispose]: () => ethernet[Symbol.dispose](),
    }
    switches.set(network, ethernet)
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

/** Plugs a machine's power cycle into its cluster's switch. */
export function plugIn(network: PrivateNetwork, stream: Duplex, name: string): void {
  const ethernet = switches.get(network)
  if (ethernet === undefined) throw new UsageError('this network is not of QEMU', { code: 'foreign-network' })
  ethernet.connect(stream, name)
}
