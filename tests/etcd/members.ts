// etcd on every machine of a cluster, from Debian's packages: members by static configuration, over the private network.

import type { Cluster, Machine } from '../../harness/index.ts'

const sudo = { sudo: true } as const

/** Each test starts its own etcd: clones of a running member would be one and the same to its peers. */
export const etcdRequirements = {
  distros: ['reference'],
  features: ['etcd'],
  timeoutMs: 60_000,
} as const

/** Three machines that reach each other. */
export const threeRequirements = {
  ...etcdRequirements,
  machines: 3,
  privateNetwork: true,
  timeoutMs: 180_000,
} as const

/** Where every member answers its own machine. */
export const LOCAL = 'http://127.0.0.1:2379'

/** Settings of etcd without their prefix `ETCD_`; undefined leaves out one that would be there. */
export type Settings = Readonly<Record<string, string | undefined>>

/** Starts etcd on all machines as one new cluster; resolves when every member says that it is healthy. */
export async function startEtcd({ machines }: Pick<Cluster, 'machines'>): Promise<void> {
  const initial = initialCluster(machines)
  await Promise.all(machines.map(async (machine) => await start(machine, { INITIAL_CLUSTER: initial })))
}

/** Every member and where its peers find it, as `INITIAL_CLUSTER` has it. */
export function initialCluster(machines: readonly Machine[], scheme = 'http'): string {
  return machines.map((machine) => `${machine.name}=${peerUrl(machine, scheme)}`).join(',')
}

/** Starts the member of one machine; resolves when it is healthy, which it is not before a majority is there. */
export async function start(machine: Machine, settings: Settings): Promise<void> {
  await configure(machine, settings)
  await machine.run(['systemctl', 'enable', '--now', 'etcd.service'], {
    ...sudo,
    timeoutMs: 120_000 * machine.slowness,
  })
  await etcdctl(machine, ['endpoint', 'health', commandTimeout(machine)])
}

/** What gives a slow member time to answer etcdctl. */
export const commandTimeout = (machine: Machine): string =>
  `--command-timeout=${Math.ceil(30 * machine.slowness)}s`

/** Writes the settings of a member that is started afterwards. */
export async function configure(machine: Machine, settings: Settings): Promise<void> {
  const lines = Object.entries({ ...usual(machine), ...settings })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `ETCD_${name}=${value}\n`)
  await machine.writeFile('/etc/default/etcd', lines.join(''))
}

/** Runs etcdctl against the machine's own member and returns what it prints. */
export async function etcdctl(machine: Machine, args: readonly string[]): Promise<string> {
  return await machine.run(['etcdctl', `--endpoints=${LOCAL}`, ...args])
}

/** Where a member's peers find it; one that is alone finds itself. */
export function peerUrl(machine: Machine, scheme = 'http'): string {
  return `${scheme}://${machine.privateAddress?.ipv4 ?? '127.0.0.1'}:2380`
}

function usual(machine: Machine): Settings {
  // An emulated machine that was away for a second is no dead leader.
  const heartbeatMs = Math.min(Math.round(100 * machine.slowness), 2_000)
  return {
    NAME: machine.name,
    DATA_DIR: '/var/lib/etcd/default',
    // Its own address may come after etcd does, in a boot.
    LISTEN_PEER_URLS: 'http://0.0.0.0:2380',
    INITIAL_ADVERTISE_PEER_URLS: peerUrl(machine),
    LISTEN_CLIENT_URLS: LOCAL,
    ADVERTISE_CLIENT_URLS: LOCAL,
    INITIAL_CLUSTER_STATE: 'new',
    INITIAL_CLUSTER_TOKEN: 'signalbox',
    HEARTBEAT_INTERVAL: String(heartbeatMs),
    ELECTION_TIMEOUT: String(heartbeatMs * 10),
  }
}
