// What members that have found each other have in common.

import { expect, type Machine } from '../../harness/index.ts'
import { keysBelow, put } from './gateway.ts'
import { etcdctl, peerUrl } from './members.ts'

/** All are members that run and know each other by `urlOf`, and each has what was written on another. */
export async function expectOneCluster(
  machines: readonly Machine[],
  urlOf: (machine: Machine) => string = peerUrl,
): Promise<void> {
  const [first] = machines
  if (first === undefined) throw new Error('three machines were asked for')
  const members = await etcdctl(first, ['member', 'list'])
  for (const machine of machines) {
    expect(members).toContain(`, started, ${machine.name}, ${urlOf(machine)}, `)
    await put(machine, `from/${machine.name}`, 'x')
  }
  for (const machine of machines)
    expect(await keysBelow(machine, 'from/')).toEqual(['from/m0', 'from/m1', 'from/m2'])
}
