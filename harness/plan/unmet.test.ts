import { expect, it } from 'vitest'
import type { MachineSpec, PrivateNetworks } from '../machine.ts'
import type { Requirements } from '../requirements.ts'
import { joinReasons, unmetByHost, type HostOffer } from './unmet.ts'

const spec: MachineSpec = {
  name: 'm0',
  architecture: 'x86_64',
  memoryMiB: 1024,
  cpus: 2,
  tpm: false,
  disks: [],
}
const networks: PrivateNetworks = {
  open() {
    throw new Error('nothing is opened to plan')
  },
  place: () => ({ ipv4: '', ipv6: '', file: { path: '', text: '', mode: 0 } }),
}
const offer: HostOffer = {
  budget: { memoryMiB: 20_480, cpus: 4 },
  facts: { accelerator: 'tcg' },
  privateNetworks: networks,
  refuses: ({ tpm, memoryMiB }) => [
    ...(tpm ? ['needs a TPM; this host has none'] : []),
    ...(memoryMiB > 20_480 ? ['needs that much memory a machine; there is less'] : []),
  ],
}
const unmet = (needs: Requirements, seeds?: number): readonly string[] => {
  const { memoryMiB = 1024, cpus = 2, tpm = false } = needs
  const wanted = { needs, spec: { ...spec, memoryMiB, cpus, tpm }, platform: 'aws', seeds }
  return unmetByHost(wanted, offer)
}

it.each<[Requirements]>([
  [{}],
  [{ machines: 20 }],
  [{ machines: 0, memoryMiB: 20_480 }],
  [{ cpus: 4, machines: 3 }],
  [{ privateNetwork: true, machines: 2 }],
  [{ accelerators: ['kvm', 'tcg'] }],
])('%j can be met', (needs) => {
  expect(unmet(needs)).toEqual([])
})

it.each<[Requirements, string]>([
  [
    { machines: 4, memoryMiB: 16_384 },
    "needs 64 GiB of memory for its 4 machines; the largest that fits this host's budget is 20 GiB",
  ],
  [
    { machines: 21, memoryMiB: 1000 },
    "needs 21000 MiB of memory for its 21 machines; the largest that fits this host's budget is 20 GiB",
  ],
  // Of one machine that is too big the platform speaks, once.
  [{ machines: 3, memoryMiB: 65_536 }, 'needs that much memory a machine; there is less'],
  [{ cpus: 5 }, "needs 5 CPUs a machine; this host's budget is 4"],
  [{ tpm: true }, 'needs a TPM; this host has none'],
  [{ accelerators: ['kvm', 'hvf'] }, 'needs accelerator kvm or hvf; this host has tcg'],
])('%j cannot, and the reason says what was asked and what there is', (needs, reason) => {
  expect(unmet(needs)).toEqual([reason])
})

it('counts the machines that are booted, and of clones what they write', () => {
  expect(unmet({ machines: 40 }, 1)).toEqual([])
  expect(unmet({ machines: 80 }, 1)).toEqual([
    "needs 24 GiB of memory for its 80 machines; the largest that fits this host's budget is 20 GiB",
  ])
  expect(unmet({ machines: 21 }, 21)).toHaveLength(1)
})

it('wants private networks of the platform, and an accelerator that is told', () => {
  const { privateNetworks: _, ...without } = offer
  const needs = { privateNetwork: true, machines: 2, accelerators: ['kvm'] }
  const wanted = { needs, spec, platform: 'aws', seeds: undefined }
  expect(unmetByHost(wanted, { ...without, facts: {} })).toEqual([
    'needs a private network; platform aws has none',
    'needs accelerator kvm; this host has none',
  ])
})

it('names every unmet requirement, in one line', () => {
  const reasons = unmet({ tpm: true, cpus: 8, machines: 30, accelerators: ['kvm'] })
  expect(joinReasons(reasons)).toBe(
    "needs a TPM; this host has none; also needs 30 GiB of memory for its 30 machines; the largest that fits this host's budget is 20 GiB; also needs 8 CPUs a machine; this host's budget is 4; also needs accelerator kvm; this host has tcg",
  )
  expect(joinReasons([])).toBeUndefined()
})
