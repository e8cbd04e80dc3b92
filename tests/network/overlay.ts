// An overlay network over UDP, as flannel makes one, out of what the kernel has: IP in UDP (FOU) between three machines.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { expectPings, putDockerBehind } from './docker-behind.ts'
import { ping } from './private-link.ts'

const sudo = { sudo: true } as const
const PORT = 5555
const inside = (index: number): string => `10.254.${index}.1`

/** Gives each machine a part of 10.254.0.0/16, which it shares out behind its own address. */
async function connect(machines: readonly Machine[]): Promise<void> {
  for (const [index, machine] of machines.entries()) {
    const local = machine.privateAddress?.ipv4
    const commands = [
      'modprobe fou',
      'modprobe ipip',
      `ip fou add port ${PORT} ipproto 4`,
      'ip link add sbx0 type dummy',
      `ip address add ${inside(index)}/32 dev sbx0`,
      'ip link set sbx0 up',
      ...machines
        .entries()
        .flatMap(([to, other]) =>
          other === machine
            ? []
            : [
                `ip link add sbx-to-${to} type ipip local ${local} remote ${other.privateAddress?.ipv4} encap fou encap-sport auto encap-dport ${PORT}`,
                `ip link set sbx-to-${to} up`,
                `ip route add 10.254.${to}.0/24 dev sbx-to-${to} src ${inside(index)}`,
              ],
        ),
    ]
    await machine.run(`set -e\n${commands.join('\n')}`, sudo)
  }
}

describe(
  'network',
  { distros: ['reference', 'flatcar'], machines: 3, privateNetwork: true, tags: ['system'] },
  () => {
    test(
      'udp-overlay',
      {
        description:
          'Each of three machines reaches the addresses of the others through UDP; with that shut, it does not.',
        timeoutMs: 120_000,
      },
      async ({ cluster }) => {
        const { machines } = cluster
        await connect(machines)
        for (const machine of machines)
          for (const to of machines.keys())
            await expect(machine).toRun(ping(inside(to)), { ...sudo, timeoutMs: 8000 })
        const [first, second] = machines
        if (first === undefined || second === undefined) throw new Error('three machines were asked for')
        const rules = `table inet sbx {\n  chain in {\n    type filter hook input priority 0;\n    udp dport ${PORT} drop\n  }\n}\n`
        await second.run(['nft', '-f', '-'], { ...sudo, stdin: rules })
        expect((await first.exec(ping(inside(1)), sudo)).exitCode).toBe(1)
        await expect(first).toRun(ping(inside(2)), sudo)
      },
    )

    test(
      'udp-overlay-docker',
      {
        description: 'A machine reaches the bridge of docker behind the UDP overlay of another one.',
        aliases: ['cl.flannel.udp'],
        features: ['docker'],
        timeoutMs: 180_000,
      },
      async ({ cluster }) => {
        const { machines } = cluster
        const [first, , last] = machines
        if (first === undefined || last === undefined) throw new Error('three machines were asked for')
        await connect(machines)
        const bridge = await putDockerBehind(last, '10.254.2.129/25')
        await expectPings(first, { device: 'sbx-to-2', source: inside(0) }, bridge)
      },
    )
  },
)
