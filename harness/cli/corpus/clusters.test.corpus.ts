// Tests of real machines for the test of clusters: names, time, faults, members that go and come back, eight at once.

import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Cluster, type Machine } from '../../index.ts'

const three = { machines: 3, privateNetwork: true, memoryMiB: 640, timeoutMs: 120_000 } as const

function member({ machines }: Pick<Cluster, 'machines'>, index: number): Machine {
  const found = machines[index]
  if (found === undefined) throw new Error(`the cluster has no machine ${index}`)
  return found
}

/** Pings every machine from every other one, by name and over both families. */
async function expectAllToReachAll({ machines }: Cluster): Promise<void> {
  const names = machines.map(({ name }) => name).join(' ')
  const each = `for n in ${names}; do for f in 4 6; do ping -$f -c1 -W20 $n >/dev/null || echo "$n over IPv$f"; done; done`
  const missed = await Promise.all(machines.map(async (machine) => await machine.run(each, { sudo: true })))
  expect(missed).toEqual(machines.map(() => ''))
}

const answers = async (machine: Machine, command: string): Promise<boolean> =>
  (await machine.exec(['bash', '-c', command], { sudo: true })).exitCode === 0

/** What holds of a cluster however its machines came to be. */
async function expectNames(cluster: Cluster): Promise<void> {
  const m0 = member(cluster, 0)
  await expectAllToReachAll(cluster)
  const { domain, services } = cluster.network
  for (const [index, { privateAddress }] of cluster.machines.entries()) {
    const { ipv4 = '', ipv6 = '' } = privateAddress ?? {}
    const v4 = await m0.run(`getent ahostsv4 m${index}.${domain}`)
    expect(v4.split(/\s+/)[0]).toBe(ipv4)
    const v6 = await m0.run(`getent ahostsv6 m${index}`)
    expect(v6.split(/\s+/)[0]).toBe(ipv6)
    for (const address of [ipv4, ipv6])
      expect(await m0.run(['getent', 'hosts', address])).toMatch(new RegExp(`\\sm${index}\\.${domain}`))
  }
  // Nobody knows it: said at once, not after a timeout.
  const asked = performance.now()
  expect(await answers(m0, `getent hosts m7 || getent hosts m7.${domain}`)).toBe(false)
  expect(performance.now() - asked).toBeLessThan(4000 * m0.slowness)
  for (const address of [services.ipv4, services.ipv6, 'services'])
    expect(await answers(m0, `ping -c1 -W20 ${address}`)).toBe(true)
  // Nothing else is served there, and that is said at once, too.
  await expect(m0).toRun(['curl', '--silent', '--max-time', '60', `http://${services.ipv4}/`], {
    exitCode: 7,
  })
}

test('clusters.names', three, async ({ cluster, http }) => {
  await expectNames(cluster)
  // The test's file server is on the other network.
  const url = http.serve('/greeting', 'hello')
  for (const machine of cluster.machines) expect(await machine.run(['curl', '-fsS', url])).toBe('hello')
})

test('clusters.names-cold', { ...three, machines: 2, firstBoot: true }, async ({ cluster }) => {
  await expectNames(cluster)
})

test('clusters.members-come-back', { ...three, timeoutMs: 200_000 }, async ({ cluster }) => {
  const m1 = member(cluster, 1)
  const called = await m1.run('hostname')
  await m1.reboot()
  await expectAllToReachAll(cluster)
  expect(await m1.run('hostname')).toBe(called)
  await m1.power('cut')
  expect(await answers(member(cluster, 0), 'ping -c1 -W3 m1')).toBe(false)
  await m1.power('on')
  await expectAllToReachAll(cluster)
})

test('clusters.moments', { ...three, timeoutMs: 200_000 }, async ({ cluster }) => {
  const [m0, m1] = [member(cluster, 0), member(cluster, 1)]
  const point = await m1.checkpoint()
  await m1.setLink('private', 'down')
  expect(await answers(m0, 'ping -c1 -W3 m1')).toBe(false)
  await m1.restore(point)
  await expectAllToReachAll(cluster)
  // Its card on the private network has a port of its own.
  for (const name of ['one', 'two']) await m1.addNic(name)
  await m1.addDisk({ serial: 'three', sizeMiB: 8 })
  await expect(m1.addNic('four')).rejects.toThrow('no free port')
  await m1.power('cut')
  await m1.power('on')
  await expectAllToReachAll(cluster)
})

test('clusters.faults', three, async ({ cluster }) => {
  const { network } = cluster
  const [m0, m2] = [member(cluster, 0), member(cluster, 2)]
  network.cut('m1')
  expect(await answers(m0, 'ping -c1 -W3 10.77.0.11')).toBe(false)
  network.heal('m1')
  await expect.poll(async () => await answers(m0, 'ping -c1 -W3 10.77.0.11')).toBe(true)
  network.partition([['m0'], ['m1', 'm2']])
  // Each part finds the other's address, and not the machine.
  expect(await answers(m0, 'getent hosts m2 && ! ping -c1 -W3 m2')).toBe(true)
  expect(await answers(m2, 'ping -c1 -W20 m1')).toBe(true)
  network.heal()
  network.delay('m1', 400)
  // m0 to m1 and back: twice through the slow link.
  const text = await m0.run('ping -c4 -W20 m1', { sudo: true })
  const fastestMs = Number(/rtt min\/avg\/max\/mdev = ([\d.]+)/.exec(text)?.[1])
  expect(fastestMs).toBeGreaterThanOrEqual(800)
  network.heal('m1')
  network.loss('m2', 0.5)
  const lossy = await m0.exec(['ping', '-c40', '-i0.2', '-W3', '10.77.0.12'], { sudo: true })
  const received = Number(/(\d+) received/.exec(lossy.stdout)?.[1])
  // A quarter comes back; 1 or 28 of 40 would be a wonder of one in a hundred thousand.
  expect(received).toBeGreaterThanOrEqual(1)
  expect(received).toBeLessThan(28)
  network.heal()
  await expectAllToReachAll(cluster)
})

test('clusters.time', three, async ({ cluster }) => {
  const { ntp } = cluster.network
  const [m0, m1] = [member(cluster, 0), member(cluster, 1)]
  const ahead = async (machine: Machine): Promise<number> =>
    Number(await machine.run('date +%s')) - Date.now() / 1000
  // It would ask again by itself, sooner or later.
  cluster.network.cut(m1.name)
  ntp.set({ offsetMs: 86_400_000, leap: 'insert' })
  await m0.run('systemctl restart systemd-timesyncd', { sudo: true })
  await expect.poll(async () => await ahead(m0), { timeoutMs: 60_000 }).toBeGreaterThan(86_390)
  expect(await ahead(m0)).toBeLessThan(86_410)
  expect(Math.abs(await ahead(m1))).toBeLessThan(60)
  const status = await m0.run('timedatectl timesync-status')
  expect(status).toMatch(/Server: 10\.77\.0\.1/)
  expect(status).toMatch(/Stratum: 1/)
  // STA_INS of adjtimex(2): the kernel knows of the leap second.
  expect(Number(/status:\s*(\d+)/.exec(await m0.run('busybox adjtimex', { sudo: true }))?.[1]) & 0x10).toBe(
    0x10,
  )
  expect(ntp.requests.at(-1)).toEqual({ from: 'm0', offsetMs: 86_400_000, leap: 'insert' })
})

test(
  'clusters.eight',
  { ...three, machines: 8, memoryMiB: 512, cpus: 1, timeoutMs: 200_000 },
  async ({ cluster }) => {
    const token = process.env['CLUSTER_TOKEN'] ?? 'alone'
    await member(cluster, 0).run('mkdir -p /run/www', { sudo: true })
    await member(cluster, 0).writeFile('/run/www/token', token)
    await member(cluster, 0).run('busybox httpd -p 8000 -h /run/www', { sudo: true })
    const meeting = process.env['CLUSTER_MEETING']
    if (meeting !== undefined) {
      // Another run's cluster is up at the same time, with the same addresses.
      writeFileSync(join(meeting, token), '')
      const others = ['one', 'two'].map((name) => join(meeting, name))
      await expect.poll(() => others.every((path) => existsSync(path)), { timeoutMs: 120_000 }).toBe(true)
    }
    await expectAllToReachAll(cluster)
    const heard = await Promise.all(
      cluster.machines.map(async (machine) => await machine.run('curl -fsS http://m0:8000/token')),
    )
    expect(heard).toEqual(cluster.machines.map(() => token))
  },
)

test(
  'clusters.member-dies',
  {
    ...three,
    ignition: {
      ignition: { version: '3.0.0' },
      systemd: {
        units: [
          {
            name: 'dies.service',
            enabled: true,
            contents: `[Unit]
Before=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'case "$(cat /proc/sys/kernel/hostname)" in *m1-*) echo "<2>the second one dies" >/dev/kmsg; echo c >/proc/sysrq-trigger;; esac'
[Install]
WantedBy=sysinit.target
`,
          },
        ],
      },
    },
  },
  async ({ machine }) => {
    await machine.run('true')
  },
)
