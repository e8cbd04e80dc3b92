import { expect, test } from 'vitest'
import { buildUki, readUkiSection } from './uki.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** A minimal PE32+ file with one section and room for `room` more headers. */
function makeStub(room: number): Uint8Array {
  const sectionTable = 0x80 + 4 + 20 + 112
  const headers = Math.ceil((sectionTable + (1 + room) * 40) / 512) * 512
  const file = Buffer.alloc(headers + 512)
  file.write('MZ')
  file.writeUInt32LE(0x80, 0x3c)
  file.write('PE\0\0', 0x80, 'latin1')
  file.writeUInt16LE(1, 0x84 + 2)
  file.writeUInt16LE(112, 0x84 + 16)
  const optional = 0x84 + 20
  file.writeUInt32LE(4096, optional + 32)
  file.writeUInt32LE(512, optional + 36)
  file.writeUInt32LE(sectionTable + (1 + room) * 40, optional + 60)
  file.write('.text', sectionTable, 'latin1')
  file.writeUInt32LE(100, sectionTable + 8)
  file.writeUInt32LE(4096, sectionTable + 12)
  file.writeUInt32LE(512, sectionTable + 16)
  file.writeUInt32LE(headers, sectionTable + 20)
  return file
}

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
