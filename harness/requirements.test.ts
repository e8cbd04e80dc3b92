import { beforeEach, expect, it } from 'vitest'
import { UsageError } from './errors.ts'
import { fixturesOf } from './fixtures/fixture-names.ts'
import type { Fixtures } from './fixtures/fixtures.ts'
import { clearRegistry, registeredTests } from './registry.ts'
import { validateRequirements } from './requirements.ts'
import { describe, test } from './test-api.ts'

beforeEach(clearRegistry)

it.each([
  [{ memoryMB: 5 }, 'unknown requirement "memoryMB"', 'did you mean "memoryMiB"'],
  [{ memoryMiB: '1G' }, '"memoryMiB" must be a whole number from 128'],
  [{ disks: [{ serial: 'a b', sizeMiB: 1 }] }, '"disks" must be a list of { serial'],
  [{ disks: [{ serial: 'a', sizeMiB: 1, bus: 'ide' }] }, 'bus?: virtio | nvme | scsi | sata'],
  [{ disks: [{ serial: 'a', sizeMiB: 1, sectorSize: 4096, bus: 'sata' }] }, 'not 4096 on sata'],
  [{ disks: [{ serial: 'a', sizeMiB: 1, paths: 2 }] }, 'more than 1 on scsi'],
  [{ disks: [{ serial: 'a', sizeMiB: 1, sector: 512 }] }, '"disks" must be a list of { serial'],
  [{ primaryDisk: { serial: 'a' } }, '"primaryDisk" must be { bus?'],
  [{ bootOrder: ['network', 'network'] }, '"bootOrder" must be a list of serials of disks ("primary-disk"'],
  [{ numaNodes: 9 }, '"numaNodes" must be a whole number from 1 to 8'],
  [{ firmwares: ['efi'] }, '"firmwares" must be a list out of direct, bios, uefi, uefi-secure'],
  [{ leaveOutChecks: ['consol'] }, '"leaveOutChecks" must be a list out of failed-units'],
  [{ ignition: 5 }, '"ignition" must be a config object'],
])('refuses %j', (requirements, message, hint = '') => {
  const work = (): void => validateRequirements('a.b', requirements)
  expect(work).toThrow(UsageError)
  expect(work).toThrow(message)
  try {
    work()
  } catch (error) {
    expect(error instanceof UsageError ? (error.hint ?? '') : '').toContain(hint)
  }
})

it('does not compile with a wrong key', () => {
  // @ts-expect-error the key is memoryMiB
  expect(() => test('typed', { memoryMB: 512 }, () => undefined)).toThrow('unknown requirement')
})

it('names tests by their groups and merges requirements', () => {
  describe('ignition', { tags: ['ign'], memoryMiB: 512 }, () => {
    describe('files', () => {
      test('inline', { tags: ['smoke'], memoryMiB: 1024 }, () => undefined)
    })
    test('plain', () => undefined)
  })
  expect(registeredTests().map(({ name, requirements }) => [name, requirements])).toEqual([
    ['ignition.files.inline', { tags: ['ignition', 'ign', 'smoke'], memoryMiB: 1024 }],
    ['ignition.plain', { tags: ['ignition', 'ign'], memoryMiB: 512 }],
  ])
  expect(registeredTests()[0]?.location.file).toBe('harness/requirements.test.ts')
})

it('refuses bad and taken names', () => {
  expect(() => test('Upper', () => undefined)).toThrow('"Upper" is no test name')
  expect(() => test('../etc', () => undefined)).toThrow('is no test name')
  test('twice', () => undefined)
  expect(() => test('twice', () => undefined)).toThrow('two tests are named "twice"')
})

it.each<[(fixtures: Fixtures) => unknown, readonly string[]]>([
  [() => undefined, []],
  [({ machine }) => machine, ['machine']],
  [async ({ machine, http: files }) => await Promise.resolve([machine, files]), ['machine', 'http']],
  [
    function named({ console, journal }) {
      return [console, journal]
    },
    ['console', 'journal'],
  ],
  [(all) => all, ['machine', 'cluster', 'console', 'journal', 'http', 'updateServer', 'payloads']],
  [
    async (all) => await Promise.resolve(all),
    ['machine', 'cluster', 'console', 'journal', 'http', 'updateServer', 'payloads'],
  ],
])('reads the fixtures of %s', (body, names) => {
  expect([...fixturesOf('t', body)]).toEqual(names)
})

it('refuses an unknown fixture with the nearest', () => {
  // @ts-expect-error there is no such fixture
  expect(() => fixturesOf('t', ({ machin }) => machin)).toThrow('unknown fixture "machin"')
})
