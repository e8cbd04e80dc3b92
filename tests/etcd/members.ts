// etcd on every machine of a cluster, from Debian's packages: members by static configuration, over the private network.

import type { Cluster, Machine } from '../../harness/index.ts'

const sudo = { sudo: true } as const

/** Where every member answers its own machine. */
export const LOCAL = 'http://127.0.0.1:2379'

/** Starts etcd on all machines as one new cluster; resolves when every member says that it is healthy. */
export async function startEtcd({ machines }: Cluster): Promise<void> {
  const initial = machines.map((machine) => `${machine.name}=${peerUrl(machine)}`).join(',')
  await Promise.all(machines.map(async (machine) => await start(machine, initial)))
}

async function start(machine: Machine, initial: string): Promise<void> {
  await machine.writeFile('/etc/default/etcd', settingsOf(machine, initial))
  await machine.run(['systemctl', 'enable', '--now', 'etcd.service'], sudo)
  await etcdctl(machine, ['endpoint', 'health', `--command-timeout=${30 * machine.slowness}s`])
}

/** Runs etcdctl against the machine's own member and returns what it prints. */
export async function etcdctl(machine: Machine, args: readonly string[]): Promise<string> {
  return await machine.run(['etcdctl', `--endpoints=${LOCAL}`, ...args])
}

function peerUrl(machine: Machine): string {
  if (machine.privateAddress === undefined) throw new Error(`${machine.name} is on no private network`)
  return `http://${machine.privateAddress.ipv4}:2380`
}

function settingsOf(machine: Machine, initial: string): string {
  // An emulated machine that was away for a second is no dead leader.
  const heartbeatMs = Math.min(100 * machine.slowness, 2_000)
  const settings = {
    NAME: machine.name,
    DATA_DIR: '/var/lib/etcd/default',
    // Its own address may come after etcd does, in a boot.
    LISTEN_PEER_URLS: 'http://0.0.0.0:2380',
    INITIAL_ADVERTISE_PEER_URLS: peerUrl(machine),
    LISTEN_CLIENT_URLS: LOCAL,
    ADVERTISE_CLIENT_URLS: LOCAL,
    INITIAL_CLUSTER: initial,
    INITIAL_CLUSTER_STATE: 'new',
    INITIAL_CLUSTER_TOKEN: 'signalbox',
    HEARTBEAT_INTERVAL: String(heartbeatMs),
    ELECTION_TIMEOUT: String(heartbeatMs * 10),
  }
  return Object.entries(settings)
    .map(([name, value]) => `ETCD_${name}=${value}\n`)
    .join('')
}
