import { expect, test } from 'vitest'
import { buildUki, overwriteUkiSection, readUkiSection } from './uki.ts'
import { makeStub } from './uki.test.data.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

test('sections come back as they went in, each on its own pages', () => {
  const uki = buildUki(makeStub(3), [
    { name: '.osrel', data: text('ID=reference\n') },
    { name: '.linux', data: Buffer.alloc(5000, 7) },
    { name: '.cmdline', data: text('quiet\0') },
  ])
  expect(readUkiSection(uki, '.osrel')).toEqual(Buffer.from('ID=reference\n'))
  expect(readUkiSection(uki, '.linux')).toEqual(Buffer.alloc(5000, 7))
  expect(readUkiSection(uki, '.cmdline')).toEqual(Buffer.from('quiet\0'))
  expect(readUkiSection(uki, '.initrd')).toBeUndefined()
  const file = Buffer.from(uki)
  const optional = 0x84 + 20
  expect(file.readUInt16LE(0x84 + 2)).toBe(4)
  // .text 1 page, .osrel 1, .linux 2, .cmdline 1, and the page of the headers.
  expect(file.readUInt32LE(optional + 56)).toBe(6 * 4096)
  expect(file.length % 512).toBe(0)
})

test('the stub itself is left as it was', () => {
  const stub = makeStub(1)
  const before = Buffer.from(stub)
  buildUki(stub, [{ name: '.cmdline', data: text('x') }])
  expect(Buffer.from(stub)).toEqual(before)
})

test('no room for headers, and no PE file, are errors', () => {
  expect(() => buildUki(makeStub(0), [{ name: '.a', data: text('x') }])).toThrow(/no room for 1 more/)
  expect(() => buildUki(text('#!/bin/sh\n'), [])).toThrow(/not a PE file/)
})

test('a section is overwritten in place, by data of its own length only', () => {
  const uki = buildUki(makeStub(2), [
    { name: '.cmdline', data: text('quiet') },
    { name: '.initrd', data: Buffer.alloc(900, 7) },
  ])
  const changed = overwriteUkiSection(uki, '.cmdline', text('debug'))
  expect(readUkiSection(changed, '.cmdline')).toEqual(text('debug'))
  expect(readUkiSection(changed, '.initrd')).toEqual(new Uint8Array(900).fill(7))
  expect(readUkiSection(uki, '.cmdline')).toEqual(Buffer.from('quiet'))
  expect(() => overwriteUkiSection(uki, '.cmdline', text('longer'))).toThrow('no section .cmdline of 6 bytes')
  expect(() => overwriteUkiSection(uki, '.none', text('x'))).toThrow('no section .none')
})
