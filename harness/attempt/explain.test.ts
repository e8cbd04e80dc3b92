import { expect, test } from 'vitest'
import type { Failure } from '../model.ts'
import { blameHost } from './explain.ts'

const late: Failure = { phase: 'ready', kind: 'timeout', code: 'timeout', message: 'waited 480 s' }
const m0 = { name: 'm0', ranMs: 1000, waitedMs: 2001 }

test("a wait that ended is the host's failure when a machine had less than a third of the CPU it could have used", () => {
  expect(blameHost(late, [{ ...m0, name: 'm1', waitedMs: 0 }, m0])).toMatchObject({
    kind: 'infra',
    code: 'host-starved',
    machine: 'm0',
  })
  expect(blameHost({ ...late, phase: 'body', machine: 'm1' }, [m0])).toMatchObject({
    kind: 'infra',
    machine: 'm1',
  })
})

const emergency: Failure = {
  phase: 'ready',
  kind: 'machine',
  code: 'console.initrd-emergency',
  message: 'm0: the boot failed in the initrd',
  evidence: [
    '[ TIME ] Timed out waiting for device dev-disk-by\\x2dpartlabel-OEM.device - /dev/disk/by-partlabel/OEM.',
  ],
}

test("a boot in which the guest itself waited in vain is the host's failure then, too", () => {
  expect(blameHost(emergency, [m0])).toMatchObject({ kind: 'infra', code: 'host-starved' })
})

test.each<[string, Failure, readonly (typeof m0)[]]>([
  [
    'the boot ended for another reason',
    { ...emergency, evidence: ['Ignition failed: no such device'] },
    [m0],
  ],
  ['it is a message of the running system', { ...emergency, phase: 'body' }, [m0]],
  ['the machine panicked', { ...emergency, code: 'console.kernel-panic' }, [m0]],
  ['nobody knows', late, []],
  ['the machine ran half of the time', late, [{ ...m0, waitedMs: 1000 }]],
  ['the guest did nothing', late, [{ ...m0, ranMs: 5, waitedMs: 1 }]],
  ['it was no wait', { ...late, kind: 'assertion' }, [m0]],
  ['the harness took too long to collect', { ...late, phase: 'collect' }, [m0]],
])('it is not when %s', (_, failure, machines) => {
  expect(blameHost(failure, machines)).toBe(failure)
})
