// Memory that is nearer to some processors than to others.

import { expect, test } from '../../harness/index.ts'

test(
  'boot.numa',
  {
    description:
      'Two nodes, each with a processor and half of the memory, and the way between them is longer than that within.',
    tags: ['system'],
    numaNodes: 2,
    cpus: 2,
    memoryMiB: 1024,
  },
  async ({ machine }) => {
    const node = async (number: number, file: string): Promise<string> =>
      (await machine.readFile(`/sys/devices/system/node/node${number}/${file}`)).trim()
    await expect(machine).toHaveFile('/sys/devices/system/node/online', { content: '0-1\n' })
    for (const number of [0, 1]) {
      expect(await node(number, 'cpulist')).toBe(String(number))
      const [, kibibytes] = /MemTotal:\s+(\d+) kB/.exec(await node(number, 'meminfo')) ?? []
      // What the kernel itself takes is missing.
      expect(Number(kibibytes)).toBeGreaterThan(400 * 1024)
      expect(Number(kibibytes)).toBeLessThanOrEqual(512 * 1024)
      const distances = (await node(number, 'distance')).split(/\s+/).map(Number)
      expect(distances).toEqual(number === 0 ? [10, 20] : [20, 10])
    }
  },
)
