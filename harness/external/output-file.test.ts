import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { HEAD_BYTES, openOutputFile, TAIL_BYTES } from './output-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-out-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, chunks: Iterable<Buffer>): { readonly path: string; readonly dropped: number } {
  const path = join(folder, name)
  const file = openOutputFile(path, (error) => {
    throw error
  })
  for (const chunk of chunks) file.write(chunk)
  const { dropped } = file
  file[Symbol.dispose]()
  return { path, dropped }
}

it.each([0, 1, HEAD_BYTES - 1, HEAD_BYTES, HEAD_BYTES + 1, HEAD_BYTES + TAIL_BYTES])(
  'keeps %i bytes whole',
  (size) => {
    const bytes = Buffer.from(Array.from({ length: 251 }, (_, index) => index))
    const content = Buffer.alloc(size, bytes)
    const { path, dropped } = write(`whole-${size}`, chunked(content, 100_003))
    expect(readFileSync(path).equals(content)).toBe(true)
    expect(dropped).toBe(0)
  },
)

it('keeps beginning and end of an endless output, and says what is missing', () => {
  const line = Buffer.alloc(1_000_000, 'x')
  const chunks = [Buffer.from('BEGIN'), ...Array.from({ length: 30 }, () => line), Buffer.from('END')]
  const { path, dropped } = write('long', chunks)
  const text = readFileSync(path, 'latin1')
  expect(statSync(path).size).toBeLessThan(HEAD_BYTES + TAIL_BYTES + 200)
  expect(text).toMatch(/^BEGIN/)
  expect(text).toMatch(/END$/)
  expect(text).toContain(`[signalbox: ${dropped} bytes are left out here: 30000008 bytes came]`)
  expect(dropped).toBe(30_000_008 - HEAD_BYTES - TAIL_BYTES)
})

function* chunked(bytes: Buffer, size: number): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
