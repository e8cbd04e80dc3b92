// Why a QEMU (or swtpm) did not come up, from its exit status and its own words, as an InfraError with advice.

import { InfraError } from '../harness/errors.ts'
import { plainText } from '../harness/hostile-text.ts'

interface Symptom {
  readonly pattern: RegExp
  readonly code: string
  readonly hint: string
}

const SYMPTOMS: readonly Symptom[] = [
  {
    pattern: /setpriv: failed to execute|No such file or directory.*setpriv/,
    code: 'program-missing',
    hint: 'apt-get install qemu-system-x86 qemu-utils (arm64 guests: qemu-system-arm; riscv64: qemu-system-riscv)',
  },
  {
    pattern: /opensbi-riscv64/,
    code: 'program-missing',
    hint: 'riscv64 machines start with OpenSBI: apt-get install opensbi',
  },
  {
    pattern: /Could not set up host forwarding rule/,
    code: 'no-port',
    hint: 'no free TCP port on 127.0.0.1; see: ss -ltn, and /proc/sys/net/ipv4/ip_local_port_range',
  },
  {
    pattern: /cannot set up guest memory|Cannot allocate memory/,
    code: 'out-of-memory',
    hint: 'fewer machines at once (--jobs) or less memory a machine',
  },
  {
    pattern: /No space left on device/,
    code: 'disk-full',
    hint: 'free space in the cache folder (signalbox image prune, signalbox gc)',
  },
  {
    pattern: /Could not access KVM|failed to initialize kvm|MSR 0x/,
    code: 'kvm-unusable',
    hint: 'signalbox doctor shows which accelerator works',
  },
  {
    pattern: /seccomp/,
    code: 'no-sandbox',
    hint: 'this QEMU has no seccomp sandbox: install the distribution package',
  },
  {
    pattern: /Failed to get "?(?:write|consistent read|shared.*)"? lock/,
    code: 'disk-in-use',
    hint: 'another process has this disk open for writing',
  },
]

/** The error for a program that ended before it was ready. */
export function startFailure(program: string, status: number | string, messages: string): InfraError {
  const text = plainText(messages).trim()
  const symptom = SYMPTOMS.find(({ pattern }) => pattern.test(text))
  const how = typeof status === 'number' ? `with exit status ${status}` : `by ${status}`
  return new InfraError(`${program} ended ${how} before it was ready${text === '' ? '' : `: ${text}`}`, {
    code: symptom?.code ?? 'qemu-start-failed',
    hint: symptom?.hint ?? `run it by hand to see more: ${program} --version`,
  })
}
