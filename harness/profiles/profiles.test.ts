import { expect, test } from 'vitest'
import { compareVersions, distroProfiles, supportedIgnitionVersions } from './index.ts'

const { flatcar, fcos, reference } = distroProfiles

test.each([
  [flatcar, '3139.2.3', ['2.0.0', '2.1.0', '2.2.0', '2.3.0']],
  [flatcar, '3185.0.0', ['2.0.0', '2.1.0', '2.2.0', '2.3.0', '3.0.0', '3.1.0', '3.2.0', '3.3.0']],
  [
    flatcar,
    '4230.2.0+nightly',
    ['2.0.0', '2.1.0', '2.2.0', '2.3.0', '3.0.0', '3.1.0', '3.2.0', '3.3.0', '3.4.0'],
  ],
  [fcos, '43.20251101.3.0', ['3.0.0', '3.1.0', '3.2.0', '3.3.0', '3.4.0', '3.5.0']],
  [reference, '1.0.0', ['3.0.0', '3.1.0', '3.2.0', '3.3.0']],
])('%o reads, at its version %s', (profile, version, expected) => {
  expect(supportedIgnitionVersions(profile, version)).toEqual(expected)
})

test('without an image version the newest image is meant', () => {
  expect(supportedIgnitionVersions(flatcar, undefined)).toContain('3.4.0')
})

test.each([
  ['3510.2.0', '3510.2.0', 0],
  ['3510.2.0+build', '3510.2', 0],
  ['999999.99.99', '3185.0.0', 1],
  ['43.20251101.3.0', '43.20251101.10.0', -1],
])('compareVersions(%s, %s)', (a, b, expected) => expect(compareVersions(a, b)).toBe(expected))

test('every profile names itself', () => {
  for (const [name, profile] of Object.entries(distroProfiles)) expect(profile.name).toBe(name)
})
