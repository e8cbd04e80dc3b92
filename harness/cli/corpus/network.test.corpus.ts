// A corpus for the CLI's own tests: clusters on private networks of the fake platform, and members that do not come up.

import { expect, test, type Cluster } from '../../index.ts'
import { fakeMachine } from '../fake-machine.test.data.ts'

const three = { machines: 3, privateNetwork: true } as const

/** Which machines hear of which: `m0>m1`. */
async function reach({ machines }: Cluster): Promise<string> {
  const pairs = machines.flatMap((from) => machines.filter((to) => to !== from).map((to) => ({ from, to })))
  const heard = await Promise.all(
    pairs.map(async ({ from, to }) => (await from.exec(['fake', 'ping', to.name])).exitCode === 0),
  )
  return pairs
    .flatMap(({ from, to }, index) => (heard[index] === true ? [`${from.name}>${to.name}`] : []))
    .join(' ')
}

const everybody = 'm0>m1 m0>m2 m1>m0 m1>m2 m2>m0 m2>m1'

test('network.faults', three, async ({ cluster }) => {
  const { network } = cluster
  expect(await reach(cluster)).toBe(everybody)
  await test.step('the second is alone', async () => {
    network.cut('m1')
    expect(await reach(cluster)).toBe('m0>m2 m2>m0')
  })
  network.heal('m1')
  network.partition([['m0'], ['m1', 'm2']])
  expect(await reach(cluster)).toBe('m1>m2 m2>m1')
  network.loss('m1', 1)
  expect(await reach(cluster)).toBe('')
  network.heal()
  network.delay('m2', 20, 5)
  network.loss('m2', 0.125)
  network.loss('m2', 0)
  network.ntp.set({ offsetMs: -1500, leap: 'insert' })
  expect(await reach(cluster)).toBe(everybody)
  expect(network.domain).toBe('cluster.internal')
  expect(() => network.cut('m7')).toThrow('no machine "m7"')
})

test('network.power', three, async ({ cluster }) => {
  const [m0, m1] = cluster.machines
  await m1?.power('cut')
  expect((await m0?.exec('fake ping m1'))?.exitCode).toBe(1)
  await m1?.power('on')
  await m0?.reboot()
  expect(await reach(cluster)).toBe(everybody)
  await cluster.boot()
  expect(cluster.machines.map(({ name }) => name)).toEqual(['m0', 'm1', 'm2', 'm3'])
  expect((await reach(cluster)).split(' ')).toHaveLength(12)
})

test('network.turns', { ...three, ignition: fakeMachine({ journalLagMs: 0 }) }, async ({ cluster }) => {
  expect(await reach(cluster)).toBe(everybody)
})

const prepared = test.extend('prepared', three, async ({ cluster }) => {
  const [, second] = cluster.machines
  cluster.network.cut(second?.name ?? '')
  expect((await cluster.machines[0]?.exec('fake ping m1'))?.exitCode).toBe(1)
  cluster.network.heal()
  expect((await cluster.machines[0]?.exec('fake ping m1'))?.exitCode).toBe(0)
})

prepared('network.prepared', async ({ cluster }) => {
  expect(await reach(cluster)).toBe(everybody)
})

test('network.none', { machines: 2 }, async ({ cluster }) => {
  expect(() => cluster.network).toThrow('has no private network')
  expect((await cluster.machines[0]?.exec('fake ping m1'))?.exitCode).toBe(1)
})

for (const [name, boot] of [
  ['panics', 'panic'],
  ['is-lost', 'lost'],
  ['is-silent', 'silent'],
  ['cannot-be-had', 'create-fails'],
] as const) {
  const console = [`the console of a member that ${name}`]
  // Members of a prepared cluster boot as such, to be saved.
  const ready = test.extend(
    'ready',
    { ...three, ignition: fakeMachine({ boot, only: ['m1'], console }) },
    async () => undefined,
  )
  ready(`network.member-${name}`, async ({ machine }) => {
    await machine.run('true')
  })
}
