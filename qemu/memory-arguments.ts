// The guest's RAM on the command line: one object, or one for each node of a machine with non-uniform memory access.

import { MEMORY_BACKEND } from './boot-arguments.ts'
import type { MachineConfig } from './machine-config.ts'
import { option } from './option-value.ts'

/** The arguments of the memory and of the nodes that it and the processors belong to. */
export function memoryArguments(config: MachineConfig): readonly string[] {
  const { memoryMiB, numaNodes = 1 } = config
  return numaNodes === 1 ? backend(config, MEMORY_BACKEND, memoryMiB) : nodes(config, numaNodes)
}

// `rom=off` with `readonly=on`: the file is opened read-only, and yet the private mapping is RAM.
// Named the same whatever it is made of: a state saved from one kind is loaded into the other.
function backend({ memoryFile }: MachineConfig, id: string, sizeMiB: number): readonly string[] {
  const values = { id, size: `${sizeMiB}M` }
  if (memoryFile === undefined) return ['-object', option('memory-backend-ram', values)]
  const { path, mapping } = memoryFile
  const how = mapping === 'write' ? { share: true } : { share: false, readonly: true, rom: 'off' }
  return ['-object', option('memory-backend-file', { ...values, 'mem-path': path, ...how })]
}

// Its RAM is in no file: such a machine is not saved. A processor's siblings must be on its node, or the kernel warns.
function nodes({ memoryMiB, cpus }: MachineConfig, count: number): readonly string[] {
  const [sizeMiB, each] = [Math.floor(memoryMiB / count), cpus / count]
  return Array.from({ length: count }, (_, nodeid) => {
    const memdev = `${MEMORY_BACKEND}-node${nodeid}`
    const first = nodeid * each
    // The last one takes what memory cannot be divided.
    const size = `${nodeid === count - 1 ? memoryMiB - sizeMiB * nodeid : sizeMiB}M`
    return [
      '-object',
      option('memory-backend-ram', { id: memdev, size }),
      '-numa',
      option('node', { nodeid, cpus: each === 1 ? first : `${first}-${first + each - 1}`, memdev }),
    ]
  }).flat()
}
