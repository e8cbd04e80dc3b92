// What may differ between two messages of one failure, and what may not.

import { describe, expect, test } from 'vitest'
import type { Failure } from '../../harness/model.ts'
import { fingerprintOf, mainFingerprint, normaliseMessage, withFingerprint } from './fingerprint.ts'

const failure = { phase: 'body', code: 'expect.toHaveFile', message: 'no /etc/motd' } as const
const of = (more: Partial<Pick<Failure, 'phase' | 'code' | 'message'>>): string =>
  fingerprintOf({ ...failure, ...more })

describe('the same failure', () => {
  test.each([
    ['numbers', 'waited 90 s for sshd (3 tries)', 'waited 120.5 s for sshd (14 tries)'],
    ['units', 'took 250ms and 12 MiB', 'took 4 s and 900 KiB'],
    ['percent', 'disk is 91 % full', 'disk is 99.5% full'],
    ['negative numbers', 'exit status -11', 'exit status 139'],
    ['pids', 'systemd[1234]: failed', 'systemd[99]: failed'],
    ['kernel times', '[   12.345678] Oops', '[  942.000001] Oops'],
    ['dates', 'at 2026-11-28T14:15:16.789Z', 'at 2025-01-02 03:04:05'],
    ['syslog times', 'Nov 28 14:15:16 core sshd: no', 'Jan  2 03:04:05 core sshd: no'],
    ['clock times', 'since 14:15:16', 'since 3:04'],
    ['memory addresses', 'at 0xffffffff81000000', 'at 0xdeadbeef'],
    ['addresses', 'dial 10.0.2.15:22', 'dial 192.168.1.7:41321'],
    ['IPv6', 'dial [fe80::5054:ff:fe12:3456%eth0]:22 failed', 'dial [fd00::1]:2222 failed'],
    ['loopback', 'listen on ::1 now', 'listen on fe80::1 now'],
    ['MACs', 'card 52:54:00:12:34:56', 'card 02:00:5e:10:00:ff'],
    ['UUIDs', 'boot 0f4c0d9e-1c1b-4b0a-9a2b-0123456789ab', 'boot 12345678-1234-1234-1234-123456789012'],
    ['digests', 'sha256:9f86d081884c7d65 differs', 'sha256:0123456789abcdef01 differs'],
    ['hex identifiers', 'scope run-r9f86d081.scope', 'scope run-r12345678.scope'],
    ['runs', '20261128-141500-1a2b3c/boot.usr/m0 is gone', '20250102-030405-ffeedd/boot.usr/m0 is gone'],
    ['temporary folders', 'no /tmp/signalbox-aBc/x.json', 'no /var/tmp/other.Zz9/x.json'],
    ['places in files', 'at tests/boot/usr.ts:12:3', 'at tests/boot/usr.ts:104'],
    ['lines', 'syntax error on line 12', 'syntax error on line 7'],
    ['white space and colours', 'no  motd\n', '\u001B[31mno\u001B[0m motd'],
  ])('whatever its %s', (_, one, other) => {
    expect(normaliseMessage(one)).toBe(normaliseMessage(other))
    expect(of({ message: one })).toBe(of({ message: other }))
    expect(of({ message: one })).not.toBe(of({ message: 'x' }))
  })
})

describe('another failure', () => {
  test.each([
    ['another file', 'no /etc/motd', 'no /etc/issue'],
    ['another machine', 'm0: no sshd', 'm1: no sshd'],
    ['another disk', 'no /dev/vda1', 'no /dev/vdb1'],
    ['another file system', 'mounted as ext4', 'mounted as ext3'],
    ['another unit', 'docker.service failed', 'etcd.service failed'],
    ['a word', 'disk is full', 'disk is failed'],
    ['another file in a temporary folder', 'no /tmp/a1/x.json', 'no /tmp/a1/y.json'],
    ['words that only look like hex', 'facade is deadbeat', 'decade is deadbeat'],
    ['a version in a name', 'libssl.so.3 is missing', 'libcrypto.so.3 is missing'],
  ])('%s', (_, one, other) => {
    expect(of({ message: one })).not.toBe(of({ message: other }))
  })

  test('another check or phase', () => {
    expect(new Set([of({}), of({ code: 'expect.toHaveUser' }), of({ phase: 'checks' })]).size).toBe(3)
  })
})

test('what is normalised, as it reads', () => {
  expect(
    normaliseMessage(
      'waited 90 s for sshd on 10.0.2.15:22 since 2026-11-28T14:15:16Z; last value: "x" (3 tries in 5.0 s)',
    ),
  ).toBe('waited <n> for sshd on <ip> since <time>; last value: "x" (<n> tries in <n>)')
})

test('never changes: waivers hold it', () => {
  expect(of({ message: 'waited 90 s for sshd' })).toMatchInlineSnapshot(`"f1-6457cd12d42807ac"`)
})

test('is of the failure that decided', () => {
  const hard = withFingerprint({ ...failure, kind: 'assertion' })
  const soft = withFingerprint({ ...hard, message: 'soft', soft: true })
  expect(mainFingerprint([soft, hard])).toBe(hard.fingerprint)
  expect(mainFingerprint([soft])).toBe(soft.fingerprint)
  expect(mainFingerprint([])).toBeUndefined()
})

test('a flood of text costs no time', () => {
  const started = process.cpuUsage()
  normaliseMessage('1:'.repeat(500_000))
  normaliseMessage('a'.repeat(1_000_000))
  normaliseMessage('0'.repeat(1_000_000))
  normaliseMessage('/tmp/'.repeat(200_000))
  expect(process.cpuUsage(started).user / 1000).toBeLessThan(1000)
})
