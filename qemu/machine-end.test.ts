// Why a process ended, and what a failed start is called: tables.

import { describe, expect, test } from 'vitest'
import { explainEnd } from './machine-end.ts'
import { startFailure } from './start-failure.ts'

const end = (exitCode: number | undefined, signal?: NodeJS.Signals, messages = '') => ({
  exitCode,
  signal,
  messages,
})

describe('explainEnd', () => {
  test.each([
    ['we killed it', end(undefined, 'SIGKILL'), undefined, true, { kind: 'requested' }],
    [
      'somebody killed it',
      end(undefined, 'SIGKILL'),
      undefined,
      false,
      { kind: 'killed', signal: 'SIGKILL' },
    ],
    ['the guest powered off', end(0), 'guest-shutdown', false, { kind: 'guest-poweroff' }],
    ['the guest rebooted', end(0), 'guest-reset', false, { kind: 'guest-reboot' }],
    ['QMP quit', end(0), 'host-qmp-quit', false, { kind: 'requested' }],
    [
      'SIGTERM',
      end(0, undefined, 'qemu: terminating on signal 15 from pid 7 (bash)'),
      'host-signal',
      false,
      { kind: 'killed', signal: 'signal 15' },
    ],
    ['an abort', end(undefined, 'SIGABRT'), undefined, false, { kind: 'killed', signal: 'SIGABRT' }],
    [
      'no reason',
      end(1, undefined, 'boom\n'),
      undefined,
      false,
      { kind: 'crashed', detail: 'exit status 1: boom' },
    ],
  ] as const)('%s', (_, child, shutdown, requested, expected) => {
    expect(explainEnd(child, { shutdown, requested })).toEqual(expected)
  })
})

describe('startFailure', () => {
  test.each([
    ['setpriv: failed to execute qemu-system-x86_64: No such file or directory', 'program-missing'],
    ["qemu: -netdev user: Could not set up host forwarding rule 'tcp:127.0.0.1:1-:22'", 'no-port'],
    ['qemu: cannot set up guest memory: Cannot allocate memory', 'out-of-memory'],
    ['qemu: Failed to get "write" lock', 'disk-in-use'],
    ['qemu: Unable to find the RISC-V BIOS "opensbi-riscv64-generic-fw_dynamic.bin"', 'program-missing'],
    ['qemu: something new', 'qemu-start-failed'],
  ])('%s', (message, code) => {
    const error = startFailure('qemu-system-x86_64', 1, `${message}\n`)
    expect(error).toMatchObject({ code })
    expect(error.message).toBe(`qemu-system-x86_64 ended with exit status 1 before it was ready: ${message}`)
    expect(error.hint).toBeTruthy()
  })
})
