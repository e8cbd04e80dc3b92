import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ensureSigningKey, hasSignature, SIGNER, signingKeyOf } from './signing.ts'

test('a cache gets one key, which says that it is for tests, and keeps it', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'signalbox-signing-'))
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(async () => await rm(cache, { recursive: true, force: true }))
  expect(signingKeyOf(cache)).toBeUndefined()
  const pair = await ensureSigningKey(cache)
  const certificate = new X509Certificate(await readFile(pair.certificate))
  expect(certificate.subject).toBe(`CN=${SIGNER}`)
  expect(certificate.checkPrivateKey(createPrivateKey(await readFile(pair.key)))).toBe(true)
  expect(certificate.ca).toBe(false)
  expect((await stat(pair.key)).mode & 0o077).toBe(0)
  const before = await readFile(pair.key, 'utf8')
  expect(await ensureSigningKey(cache)).toEqual(pair)
  expect(signingKeyOf(cache)).toEqual(pair)
  expect(await readFile(pair.key, 'utf8')).toBe(before)
})

test('a certificate table is what makes an EFI program a signed one', () => {
  const program = Buffer.alloc(512)
  program.writeUInt32LE(0x80, 0x3c)
  expect(hasSignature(program)).toBe(false)
  program.writeUInt32LE(1640, 0x80 + 24 + 112 + 36)
  expect(hasSignature(program)).toBe(true)
})
