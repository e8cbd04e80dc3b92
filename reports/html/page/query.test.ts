// What the filter of the page finds.

import { describe, expect, test } from 'vitest'
import { matches, parseQuery, toggleTerm, termOf, type Asked } from './query.ts'

const asked: Asked = {
  name: 'update.resumes coreos.update.restart',
  tags: ['update', 'slow'],
  target: 'qemu-arm64-uefi',
  states: ['flaky', 'failed', 'passed'],
  code: 'expect.toHaveFile',
  file: 'tests/update.ts:12',
  more: 'waited 90 s for sshd',
}

describe('finds', () => {
  test.each([
    [''],
    ['update'],
    ['RESUMES sshd'],
    ['s:failed'],
    ['s:missing s:flaky'],
    ['t:qemu-arm64'],
    ['p:arm64'],
    ['@update'],
    ['@nothing @slow'],
    ['c:tohavefile f:update.ts'],
    ['s:failed t:qemu-arm64 @update resumes !boot'],
    ['"waited 90 s"'],
    ['!@smoke'],
    ['s:"failed'],
  ])('%s', (query) => expect(matches(parseQuery(query), asked)).toBe(true))
})

describe('does not find', () => {
  test.each([
    ['boot'],
    ['update boot'],
    ['s:passing'],
    ['s:failed t:aws'],
    ['@up'],
    ['!@update'],
    ['!s:flaky'],
    ['x:failed'],
    ['"90 s waited"'],
  ])('%s', (query) => expect(matches(parseQuery(query), asked)).toBe(false))
})

test('a term is put in and taken out', () => {
  expect(toggleTerm('', 's:failed')).toBe('s:failed')
  expect(toggleTerm('boot s:failed', 's:failed')).toBe('boot')
  expect(toggleTerm('t:a "x y" s:failed', 't:b', true)).toBe('"x y" s:failed t:b')
  expect(termOf('t:', 'qemu arm')).toBe('t:"qemu arm"')
})
