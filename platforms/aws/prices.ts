// Types of machines and what things cost: list prices of us-east-1 (https://aws.amazon.com/ec2/pricing/on-demand/, EBS, VPC, S3), in
// US dollars. Other regions differ by up to about half; a price that was set goes before. Spot machines are counted with the price of
// the others, which is the most that they can cost.

import type { MachineSpec } from '../../harness/machine.ts'
import type { Architecture } from '../../harness/model.ts'

export interface InstanceType {
  readonly name: string
  readonly architecture: Architecture
  readonly cpus: number
  readonly memoryMiB: number
  readonly perHour: number
}

// The cheapest first, by architecture.
const types: readonly InstanceType[] = [
  ['t3.small', 'x86_64', 2, 2, 0.0208],
  ['t3.medium', 'x86_64', 2, 4, 0.0416],
  ['m7i.large', 'x86_64', 2, 8, 0.1008],
  ['m7i.xlarge', 'x86_64', 4, 16, 0.2016],
  ['m7i.2xlarge', 'x86_64', 8, 32, 0.4032],
  ['m7i.4xlarge', 'x86_64', 16, 64, 0.8064],
  ['t4g.small', 'arm64', 2, 2, 0.0168],
  ['t4g.medium', 'arm64', 2, 4, 0.0336],
  ['m7g.large', 'arm64', 2, 8, 0.0816],
  ['m7g.xlarge', 'arm64', 4, 16, 0.1632],
  ['m7g.2xlarge', 'arm64', 8, 32, 0.3264],
  ['m7g.4xlarge', 'arm64', 16, 64, 0.6528],
].map(([name, architecture, cpus, gib, perHour]) => ({
  name: String(name),
  architecture: architecture as Architecture,
  cpus: Number(cpus),
  memoryMiB: Number(gib) * 1024,
  perHour: Number(perHour),
}))

const HOUR_MS = 3_600_000
/** Linux machines are paid by the second, a minute at least. */
const LEAST_MS = 60_000
const GIB_MONTH = 0.08
const PUBLIC_ADDRESS_HOUR = 0.005
const MONTH_HOURS = 730

/** Of single requests that cost something; all others are free. */
export const CALL_PRICES = {
  /** PUT and GET of an object. */
  's3-put': 0.000_005,
  's3-get': 0.000_000_4,
  /** A block of a snapshot that is uploaded. */
  'ebs-put-block': 0.000_006,
} as const

export type PricedCall = keyof typeof CALL_PRICES

/** The smallest type that is enough for a machine; undefined where none is. */
export function typeFor({ architecture, cpus, memoryMiB }: MachineSpec): InstanceType | undefined {
  return types.find(
    (type) => type.architecture === architecture && type.cpus >= cpus && type.memoryMiB >= memoryMiB,
  )
}

/** The biggest of an architecture. */
export function biggestType(architecture: Architecture): InstanceType | undefined {
  return types.findLast((type) => type.architecture === architecture)
}

/** US dollars an hour of a type; undefined where that is not known. */
export function pricePerHour(name: string): number | undefined {
  return types.find((type) => type.name === name)?.perHour
}

/** What a machine with its disk and its address costs for so long, at the most. */
export function machineCost(perHour: number, diskGiB: number, durationMs: number): number {
  const hours = Math.max(durationMs, LEAST_MS) / HOUR_MS
  return hours * (perHour + PUBLIC_ADDRESS_HOUR + (diskGiB * GIB_MONTH) / MONTH_HOURS)
}

/** What a run has spent so far, and will have when all that runs now ends. */
export interface Spending {
  /** Counts requests that cost something. */
  count(call: PricedCall, times?: number): void
  /** Counts a machine from now until the result is disposed. */
  start(perHour: number, diskGiB: number): Disposable
  total(): number
  readonly running: number
}

/** Opens an account for one run; `now` is monotonic milliseconds. */
export function openSpending(now: () => number = () => performance.now()): Spending {
  let ended = 0
  const running = new Set<() => number>()
  return {
    count: (call, times = 1) => void (ended += CALL_PRICES[call] * times),
    start(perHour, diskGiB) {
      const startedAt = now()
      const soFar = (): number => machineCost(perHour, diskGiB, now() - startedAt)
      running.add(soFar)
      return {
        [Symbol.dispose]() {
          if (running.delete(soFar)) ended += soFar()
        },
      }
    },
    total: () => [...running].reduce((sum, soFar) => sum + soFar(), ended),
    get running() {
      return running.size
    },
  }
}
