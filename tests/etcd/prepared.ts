// Machines with etcd running, saved once: where most tests of etcd begin.

import { test } from '../../harness/index.ts'
import { startEtcd } from './members.ts'

export const etcdRequirements = {
  distros: ['reference'],
  features: ['etcd'],
  tags: ['etcd'],
  timeoutMs: 60_000,
} as const

/** One machine with a cluster of its own. */
export const withMember = test.extend(
  'a member of etcd',
  etcdRequirements,
  async ({ cluster }) => await startEtcd(cluster),
)

/** Three machines with a member each. */
export const withMembers = test.extend(
  'three members of etcd',
  { ...etcdRequirements, machines: 3, privateNetwork: true, timeoutMs: 120_000 },
  async ({ cluster }) => await startEtcd(cluster),
)
