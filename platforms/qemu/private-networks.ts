// The private networks of QEMU clusters behind the harness's seam: a switch in this process, and fixed addresses.

import type { PrivateNetworks } from '../../harness/machine.ts'
import { networkFile, PRIVATE_NETWORK_FILE, privateAddress } from '../../qemu/index.ts'
import { openSwitchedNetwork } from '../switched-network.ts'

// The same for all: no machine ever meets one of another cluster, and a template's machines keep their addresses.
const CLUSTER = 'signalbox'

export const privateNetworks: PrivateNetworks = {
  open: (machines) => openSwitchedNetwork(CLUSTER, machines),
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
