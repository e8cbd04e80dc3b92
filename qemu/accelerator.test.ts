import { expect, it } from 'vitest'
import { briefReason } from './accelerator.ts'

it.each([
  ['this host has no /dev/kvm', 'this host has no /dev/kvm'],
  [
    '/dev/kvm is not accessible (EACCES): add the user to the group kvm',
    '/dev/kvm is not accessible (EACCES): add the user to the group kvm',
  ],
  [
    '/dev/kvm opens, but QEMU does not start with it: /usr/bin/qemu-system-x86_64 ended by SIGABRT before it was ready: qemu-system-x86_64: error: failed to set MSR 0x10a to 0xc000069 ⏎ Assertion failed.',
    '/dev/kvm opens, but QEMU does not start with it; "signalbox doctor" shows why',
  ],
  [
    '/dev/kvm opens, but a Linux kernel does not come up under it (10 s; its last words: Probing EDD (edd=off to disable)... and then nothing)',
    '/dev/kvm opens, but a Linux kernel does not come up under it; "signalbox doctor" shows why',
  ],
  ['KVM fails: one\ntwo', 'KVM fails; "signalbox doctor" shows why'],
])('%j is %j in brief', (reason, brief) => {
  expect(briefReason({ reason })).toBe(brief)
})
