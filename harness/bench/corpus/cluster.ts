// Clusters on a private network, whose machines answer a command and find each other by name.

import { expect, test } from '../../index.ts'

const sizes = [
  ['one', 1, 512, 1],
  ['three', 3, 1024, 2],
  ['eight', 8, 512, 1],
] as const

for (const [name, machines, memoryMiB, cpus] of sizes) {
  test(
    `cluster.${name}`,
    { machines, memoryMiB, cpus, privateNetwork: true, timeoutMs: 600_000 },
    async ({ cluster }) => {
      const last = `m${machines - 1}`
      const answers = await Promise.all(
        cluster.machines.map(async (machine) => await machine.run(['getent', 'ahostsv4', last])),
      )
      for (const answer of answers) expect(answer).toContain(cluster.machines.at(-1)?.privateAddress?.ipv4)
    },
  )
}
