// What a serial group accepts, and how it says what it does not.

import { beforeEach, describe as suite, expect, it } from 'vitest'
import { UsageError } from './errors.ts'
import { clearRegistry, registeredTests } from './registry.ts'
import type { GroupRequirements, Requirements } from './requirements.ts'
import { bootRequirements } from './serial-group.ts'
import { describe, test } from './test-api.ts'

beforeEach(() => clearRegistry())

const body = (): void => undefined

/** Message and hint of what is refused. */
function refusal(define: () => void): string {
  try {
    define()
  } catch (error) {
    if (error instanceof UsageError) return `${error.message}; ${error.hint ?? ''}`
    throw error
  }
  return 'nothing was refused'
}

it('numbers its tests in the order written, in groups inside of it too', () => {
  describe('upgrade', { serial: true, memoryMiB: 512 }, () => {
    test('z', body)
    describe('inner', { tags: ['slow'] }, () => test('y', { timeoutMs: 5 }, body))
    test('a', body)
  })
  describe('stops', { serial: 'stop-at-first-failure' }, () => test('a', body))
  describe('not', { serial: false }, () => test('a', body))
  const places = registeredTests().map(({ name, serial }) => [
    name,
    serial && [serial.group, serial.index, serial.stopAtFirstFailure],
  ])
  expect(places).toEqual([
    ['not.a', undefined],
    ['stops.a', ['stops', 0, true]],
    ['upgrade.a', ['upgrade', 2, false]],
    ['upgrade.inner.y', ['upgrade', 1, false]],
    ['upgrade.z', ['upgrade', 0, false]],
  ])
})

suite('only the group says which machines', () => {
  it.each<[keyof Requirements, GroupRequirements, Requirements]>([
    ['memoryMiB', {}, { memoryMiB: 2048 }],
    ['memoryMiB', { memoryMiB: 512 }, { memoryMiB: 2048 }],
    ['machines', {}, { machines: 2 }],
    ['privateNetwork', { machines: 2 }, { privateNetwork: true }],
    ['firstBoot', {}, { firstBoot: true }],
    ['ignition', { ignition: { a: 1 } }, { ignition: { a: 2 } }],
    ['ignition', { ignition: () => '' }, { ignition: () => '' }],
    ['disks', { disks: [{ serial: 'a', sizeMiB: 1 }] }, { disks: [{ serial: 'a', sizeMiB: 2 }] }],
  ])('%s', (key, group, own) => {
    expect(refusal(() => describe('g', { serial: true, ...group }, () => test('b', own, body)))).toMatch(
      new RegExp(
        `^harness/serial-group.test.ts:\\d+: test "g.b" declares "${key}" for itself, but runs on the machines of ` +
          'the serial group "g"; declare it for the whole group, at harness/serial-group.test.ts:\\d+$',
      ),
    )
  })

  it('and who says the same, says nothing', () => {
    const disks = [{ serial: 'a', sizeMiB: 1 }]
    describe('g', { serial: true, memoryMiB: 512, disks }, () =>
      test(
        'a',
        { memoryMiB: 512, disks: [{ serial: 'a', sizeMiB: 1 }], tags: ['x'], platforms: ['qemu'] },
        body,
      ),
    )
    expect(registeredTests()).toHaveLength(1)
  })

  it('in groups inside of it too', () => {
    expect(
      refusal(() =>
        describe('g', { serial: true }, () => describe('in', { cpus: 1 }, () => test('a', body))),
      ),
    ).toMatch(/:\d+: test "g.in.a" declares "cpus" for itself/)
  })
})

it('takes what the tests of one extension bring, from all of them', () => {
  const filled = test.extend('filled', { memoryMiB: 512 }, body)
  describe('g', { serial: true }, () => {
    filled('a', body)
    filled('b', body)
  })
  expect(
    refusal(() =>
      describe('h', { serial: true }, () => {
        filled('a', body)
        test('b', body)
      }),
    ),
  ).toMatch(
    /:\d+: test "h.b" is prepared by nothing, but the serial group "h" begins with "filled"; register all/,
  )
})

it('shares nothing', () => {
  expect(refusal(() => describe('g', { serial: true, exclusive: false }, body))).toMatch(
    /:\d+: the serial group "g" declares "exclusive", but shares machines with nothing outside; leave "exclusive" out/,
  )
  expect(refusal(() => describe('g', { serial: true }, () => test('a', { conflicts: ['x'] }, body)))).toMatch(
    /:\d+: test "g.a" of a serial group declares "conflicts", but shares machines with nothing outside/,
  )
})

it('is in no other one, and has a name of its own', () => {
  for (const serial of [true, false])
    expect(refusal(() => describe('g', { serial: true }, () => describe('in', { serial }, body)))).toMatch(
      /:\d+: "g.in" is in the serial group "g" and cannot say "serial" again; leave it out there, or at /,
    )
  describe('g', { serial: true }, () => test('a', body))
  expect(refusal(() => describe('g', { serial: true }, () => test('b', body)))).toMatch(
    /two serial groups are named "g"; \S+:\d+ and \S+:\d+ each begin one/,
  )
})

it('refuses wrong keys and values, and "serial" where it means nothing', () => {
  // @ts-expect-error there is no such mode
  expect(refusal(() => describe('g', { serial: 'yes' }, body))).toContain(
    `group "g": "serial" must be true, false or 'stop-at-first-failure'`,
  )
  // @ts-expect-error there is no such key
  expect(refusal(() => describe('g', { serail: true }, body))).toContain('did you mean "serial"?')
  // @ts-expect-error it belongs to a group
  expect(refusal(() => test('a', { serial: true }, body))).toContain(
    'unknown requirement "serial"; it belongs to a group: describe(',
  )
})

it("has its machines judged by the group's word, not by the first test's", () => {
  describe('g', { serial: true, expectedMessages: ['oops'] }, () =>
    test('a', { leaveOutChecks: ['system-state'], expectedMessages: ['kernel-panic'] }, body),
  )
  const [a] = registeredTests()
  expect(a && bootRequirements(a)).toEqual({ tags: ['g'], expectedMessages: ['oops'] })
  expect(a?.requirements).toMatchObject({
    leaveOutChecks: ['system-state'],
    expectedMessages: ['kernel-panic'],
  })
})
