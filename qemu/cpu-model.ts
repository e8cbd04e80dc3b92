// Which CPU a guest sees. Under KVM the host's own; under TCG an x86-64-v2 without what costs more emulated than it saves
// (AVX2, SHA), and of a vendor that Linux does not guard against Meltdown: with page-table isolation every system call
// empties the emulated TLB twice, which cost two fifths of the CPU time of a boot (145 s with Nehalem, 83 s with this).

import type { AcceleratorConfig, MachineArchitecture } from './machine-config.ts'

/** The CPU model for `-cpu`: fast, and safe for systems that need no more than x86-64-v2. */
export function cpuModelFor(architecture: MachineArchitecture, accelerator: 'kvm' | 'tcg'): string {
  if (accelerator === 'kvm') return 'host'
  switch (architecture) {
    case 'x86_64':
      return 'qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+cx16,+lahf-lm'
    case 'arm64':
      // An ARMv8.2 with atomics and the SHA-2 instructions, and without what is dear to emulate: pointer authentication, SVE, 52-bit
      // addresses. A kernel starts in 2.6 to 3.3 s of CPU time with it, in 3.9 with `max,pauth-impdef=on`, 3.1 with cortex-a57.
      return 'neoverse-n1'
    case 'riscv64':
      // Three levels of page tables instead of five, no PMP and no hypervisor extension to look at: a first boot took 45 s of CPU time
      // with it, 74 with `rv64` (on a busier host). Timers without calls of the firmware (Sstc): 52 without.
      return 'rva22s64,sstc=on'
    default:
      return architecture satisfies never
  }
}

/**
 * TCG settings for a guest on this host. One thread a vCPU is safe unless the guest's memory order is stronger than
 * the host's (an x86-64 guest on arm64). `hostArchitecture` is Node's `process.arch`.
 */
export function tcgFor(architecture: MachineArchitecture, hostArchitecture: string): AcceleratorConfig {
  const weakerHost = architecture === 'x86_64' && hostArchitecture !== 'x64'
  return { kind: 'tcg', threads: weakerHost ? 'single' : 'multi', translationCacheMiB: 512 }
}
