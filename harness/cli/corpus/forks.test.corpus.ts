// Tests of real machines for the test of forks: who a clone is, going back to a checkpoint, a cluster saved as one.

import { expect, test } from '../../index.ts'

const identity = [
  'cat /etc/machine-id',
  'hostname',
  'cut -d" " -f2 /etc/ssh/ssh_host_ed25519_key.pub',
  'sudo cut -c1-200 /etc/ssh/ssh_host_ed25519_key | sha256sum',
  'od -An -N32 -tx1 /dev/urandom | tr -d " \\n"; echo',
  'cat /proc/sys/kernel/random/uuid',
  // Eight ports that the kernel chooses: a listener without a port each.
  'for i in 1 2 3 4 5 6 7 8; do busybox nc -l -p 0 & done; sleep 0.3; ss -Hltn | grep -v ":22 " | sort | sha256sum; kill %1 %2 %3 %4 %5 %6 %7 %8',
  'ssh-keygen -q -t ecdsa -N "" -f /tmp/k && cut -d" " -f2 /tmp/k.pub',
] as const

test('forks.identity', { machines: 2, timeoutMs: 120_000 }, async ({ cluster }) => {
  const [a, b] = cluster.machines
  if (a === undefined || b === undefined) throw new Error('two machines were asked for')
  for (const command of identity) {
    const [first, second] = await Promise.all([a.run(command), b.run(command)])
    expect({ command, said: first }).not.toEqual({ command, said: '' })
    expect({ command, said: first }).not.toEqual({ command, said: second })
  }
  for (const machine of cluster.machines) {
    const seconds = Number(await machine.run('date +%s'))
    expect(Math.abs(seconds - Date.now() / 1000)).toBeLessThan(10)
    const id = await machine.run('cat /etc/machine-id')
    // The journal is found under the new id, reaches back to the boot, and says where the clone begins.
    const journal = await machine.run(['journalctl', '--boot', '--output=cat', '--no-pager'], { sudo: true })
    expect(journal).toContain('Linux version')
    expect(journal).toContain(`this machine was forked here; it is now ${id}`)
    expect(machine.journal.lines().join('\n')).toContain('Linux version')
    await expect(machine).toRun('test ! -e /var/lib/systemd/random-seed')
    expect(await machine.run('systemctl is-system-running')).toBe('running')
  }
})

test('forks.checkpoint', { timeoutMs: 120_000 }, async ({ machine }) => {
  await machine.writeFile('/var/lib/state', 'prepared')
  await machine.run('systemd-run --unit=memory sleep infinity', { sudo: true })
  const pid = await machine.run('systemctl show --property=MainPID --value memory')
  const point = await machine.checkpoint()
  for (const word of ['one', 'two']) {
    expect(await machine.readFile('/var/lib/state')).toBe('prepared')
    expect(await machine.run('systemctl show --property=MainPID --value memory')).toBe(pid)
    await machine.writeFile('/var/lib/state', word)
    await machine.run('systemctl stop memory', { sudo: true })
    await machine.restore(point)
    const seconds = Number(await machine.run('date +%s'))
    expect(Math.abs(seconds - Date.now() / 1000)).toBeLessThan(10)
  }
  expect(await machine.readFile('/var/lib/state')).toBe('prepared')
})

const pair = test.extend(
  'pair',
  { machines: 3, privateNetwork: true, memoryMiB: 768, timeoutMs: 180_000 },
  async ({ cluster }) => {
    const [server, client] = cluster.machines
    if (server === undefined || client === undefined) throw new Error('three machines were asked for')
    await server.run('systemd-run --unit=sink sh -c "busybox nc -l -p 7000 >/run/sink"', { sudo: true })
    await expect.poll(async () => (await server.run('ss -Hltn sport = :7000')).length).toBeGreaterThan(0)
    const say = `exec 3<>/dev/tcp/${server.privateAddress?.ipv4 ?? ''}/7000; while echo tick >&3; do sleep 0.2; done`
    await client.run(['systemd-run', '--unit=source', 'bash', '-c', say], { sudo: true })
    await expect.poll(async () => (await server.run('cat /run/sink')).length).toBeGreaterThan(10)
  },
)

for (const n of ['one', 'two']) {
  pair(`forks.cluster-${n}`, async ({ cluster }) => {
    const [server, client, third] = cluster.machines
    if (server === undefined || client === undefined || third === undefined) throw new Error('three machines')
    const size = async (): Promise<number> => Number(await server.run('stat -c %s /run/sink'))
    const before = await size()
    // The connection that was made before the machines were saved goes on.
    await expect.poll(size).toBeGreaterThan(before + 10)
    expect(await client.run('systemctl is-active source')).toBe('active')
    await expect(third).toRun(`ping -c1 -W5 ${client.privateAddress?.ipv6 ?? ''}`, { sudo: true })
    const ids = await Promise.all(
      cluster.machines.map(async (machine) => await machine.run('cat /etc/machine-id')),
    )
    expect(new Set(ids).size).toBe(3)
    cluster.network.cut(client.name)
    await expect(third).toRun(`! ping -c1 -W2 ${client.privateAddress?.ipv4 ?? ''}`, { sudo: true })
    cluster.network.heal()
    const ping = ['ping', '-c1', '-W2', client.privateAddress?.ipv4 ?? '']
    await expect.poll(async () => (await third.exec(ping, { sudo: true })).exitCode).toBe(0)
  })
}

/** Of the first boot: its config is read by every machine itself, wherever that began. */
test(
  'forks.initrd',
  {
    machines: 2,
    firstBoot: true,
    timeoutMs: 240_000,
    ignition: ({ http }) => ({
      ignition: { version: '3.3.0' },
      storage: {
        files: [{ path: '/etc/own', mode: 420, contents: { source: `data:,${http.url.length}` } }],
      },
    }),
  },
  async ({ cluster }) => {
    const [a, b] = cluster.machines
    if (a === undefined || b === undefined) throw new Error('two machines were asked for')
    const own = await Promise.all(
      [a, b].map(async (machine) => await machine.run('cat /etc/machine-id; hostname')),
    )
    for (const command of identity) {
      const [first, second] = await Promise.all([a.run(command), b.run(command)])
      expect({ command, said: first }).not.toEqual({ command, said: '' })
      expect({ command, said: first }).not.toEqual({ command, said: second })
    }
    for (const machine of cluster.machines) {
      await expect(machine).toHaveFile('/etc/own')
      expect(await machine.run(['hostname'])).toMatch(new RegExp(`^${machine.name}-`))
      const seconds = Number(await machine.run('date +%s'))
      expect(Math.abs(seconds - Date.now() / 1000)).toBeLessThan(10)
      // One journal from the kernel's first line on, and nothing of ours in it or in the system.
      const journal = await machine.run(['journalctl', '--boot', '--output=cat', '--no-pager'], {
        sudo: true,
      })
      expect(journal).toContain('Linux version')
      expect(journal).toContain('Ignition finished successfully')
      const credentials = await machine.run('ls /run/credentials/@system', { sudo: true })
      expect(credentials.split('\n')).toEqual(['system.hostname'])
      expect(await machine.run('systemctl list-units --all --plain --no-legend "signalbox-initrd*"')).toBe('')
      expect(await machine.run('systemctl is-system-running')).toBe('running')
    }
    await a.reboot()
    expect(await a.run('cat /etc/machine-id; hostname')).toBe(own[0])
    await b.power('reset')
    expect(await b.run('cat /etc/machine-id; hostname')).toBe(own[1])
  },
)
