import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, it } from 'vitest'
import { UsageError } from '../errors.ts'
import type { PackageOffer } from './declared.ts'
import { createSigningKey } from './openpgp.ts'
import { startUpdateServer } from './update-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'signalbox-updates-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex')
const usr = randomBytes(300_000)
const usrPath = join(folder, 'reference_2_aa.usr.raw')
writeFileSync(usrPath, usr)
const uki = Buffer.from('a kernel')
const offers: readonly PackageOffer[] = [
  { name: 'reference_2_aa.usr.raw', content: usrPath },
  { name: 'reference_2.efi', content: uki },
]
const start = async (): ReturnType<typeof startUpdateServer> =>
  await startUpdateServer({ hostAddress: '127.0.0.1' })
const bytesOf = async (answer: Response): Promise<Buffer> => Buffer.from(await answer.arrayBuffer())
const get = async (url: string, headers: Record<string, string> = {}): Promise<Response> =>
  await fetch(url, { headers })

it('lists what sysupdate may download, with its hashes', async () => {
  await using server = await start()
  await server.offerFiles(offers)
  const { directory } = server.urls
  const sums = await (await get(`${directory}SHA256SUMS`)).text()
  expect(sums).toBe(`${sha256(uki)}  reference_2.efi\n${sha256(usr)}  reference_2_aa.usr.raw\n`)
  expect(await bytesOf(await get(`${directory}reference_2_aa.usr.raw`))).toEqual(usr)
  expect(await bytesOf(await get(`${directory}reference_2.efi`))).toEqual(uki)
  expect((await get(`${directory}SHA256SUMS.gpg`)).status).toBe(404)
  await server.offerFiles(offers.slice(1))
  expect((await get(`${directory}reference_2_aa.usr.raw`)).status).toBe(404)
  server.withdraw()
  expect((await get(`${directory}SHA256SUMS`)).status).toBe(404)
})

// Part of every Debian 12; what the guest's GnuPG says is in the tests on real machines.
const gpgv = ['/usr/bin/gpgv', '/usr/bin/gpg'].every((path) => existsSync(path))

it.runIf(gpgv)('signs the list so that GnuPG believes it, and not a forged one', async () => {
  await using server = await start()
  const key = await createSigningKey()
  await server.offerFiles(offers, { signingKey: key.privateKey })
  const ring = join(folder, 'ring.gpg')
  const sums = join(folder, 'SHA256SUMS')
  writeFileSync(ring, key.publicKeyring)
  const verify = async (): Promise<string> => {
    for (const name of ['SHA256SUMS', 'SHA256SUMS.gpg'])
      writeFileSync(join(folder, name), await bytesOf(await get(server.urls.directory + name)))
    const run = await promisify(execFile)('gpgv', ['--keyring', ring, `${sums}.gpg`, sums]).catch(
      (error: { readonly stderr: string }) => error,
    )
    return run.stderr
  }
  expect(await verify()).toContain('Good signature from "Signalbox update test')
  const forging = server.misbehave({ kind: 'wrong-signature' })
  expect(await verify()).toMatch(/No public key/)
  forging.end()
  using fault = server.misbehave({ kind: 'wrong-hash' })
  // It is the hashes that are wrong then, not the signature.
  expect(await verify()).toContain('Good signature from "Signalbox update test')
  expect(await (await get(`${server.urls.directory}SHA256SUMS`)).text()).not.toContain(sha256(usr))
  expect(fault.hits).toBeGreaterThan(1)
})

it.each<[string, Record<string, string>, number, readonly [number, number] | undefined]>([
  ['everything', {}, 200, [0, 300_000]],
  ['a part', { range: 'bytes=100-199' }, 206, [100, 200]],
  ['from a place on', { range: 'bytes=299000-' }, 206, [299_000, 300_000]],
  ['the last bytes', { range: 'bytes=-10' }, 206, [299_990, 300_000]],
  ['a part that goes too far', { range: 'bytes=299999-999999' }, 206, [299_999, 300_000]],
  ['nothing that is there', { range: 'bytes=300000-' }, 416, undefined],
  ['several parts', { range: 'bytes=0-1,5-6' }, 200, [0, 300_000]],
  ['no range', { range: 'lines=1-2' }, 200, [0, 300_000]],
  ['nonsense', { range: 'bytes=x-y' }, 200, [0, 300_000]],
  ['a part of this file', { range: 'bytes=5-9', 'if-range': 'ETAG' }, 206, [5, 10]],
  [
    'a part of a file that is not there any more',
    { range: 'bytes=5-9', 'if-range': '"other"' },
    200,
    [0, 300_000],
  ],
  ['what it has', { 'if-none-match': '"x", ETAG' }, 304, undefined],
  ['what it has, weakly', { 'if-none-match': 'W/ETAG' }, 304, undefined],
  ['what it has not', { 'if-none-match': '"x"' }, 200, [0, 300_000]],
])('sends a client that wants %s what it asks for', async (_, wanted, status, part) => {
  await using server = await start()
  await server.offerFiles(offers)
  const url = `${server.urls.directory}reference_2_aa.usr.raw`
  const head = await fetch(url, { method: 'HEAD' })
  const etag = head.headers.get('etag') ?? ''
  expect([head.status, head.headers.get('content-length'), head.headers.get('accept-ranges')]).toEqual([
    200,
    '300000',
    'bytes',
  ])
  const headers = Object.fromEntries(
    Object.entries(wanted).map(([name, value]) => [name, value.replace('ETAG', etag)]),
  )
  const answer = await get(url, headers)
  expect([answer.status, answer.headers.get('etag')]).toEqual([status, etag])
  const [from, to] = part ?? [0, 0]
  expect((await bytesOf(answer)).equals(usr.subarray(from, to))).toBe(true)
  const contentRange =
    status === 206 ? `bytes ${from}-${to - 1}/300000` : status === 416 ? 'bytes */300000' : null
  expect(answer.headers.get('content-range')).toBe(contentRange)
})

it('remembers who downloaded what', async () => {
  await using server = await start()
  await server.offerFiles(offers)
  await (
    await get(`${server.urls.directory}reference_2.efi`, { 'user-agent': 'systemd-pull', range: 'bytes=2-' })
  ).text()
  await expect
    .poll(() => server.requests())
    .toMatchObject([
      {
        method: 'GET',
        path: '/sysupdate/reference_2.efi',
        userAgent: 'systemd-pull',
        range: 'bytes=2-',
        secure: false,
        state: 'answered',
        status: 206,
      },
    ])
  expect(server.requests()[0]?.bytes).toBeGreaterThanOrEqual(6)
})

it.each<[string, Omit<PackageOffer, 'name'> & { readonly name?: string }, string, RegExp]>([
  ['another size', { content: uki, declared: { bytes: 9 } }, 'payload-mismatch', /its size is 8, not 9$/],
  [
    'another SHA-256',
    { content: uki, declared: { sha256: sha256(usr) } },
    'payload-mismatch',
    /its SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64}$/,
  ],
  [
    'another SHA-256 in base64',
    { content: uki, declared: { sha256: 'AAAA' } },
    'payload-mismatch',
    /its SHA-256 is \S{43}=, not AAAA$/,
  ],
  [
    'another SHA-1',
    { content: uki, declared: { sha1: 'AAAA' } },
    'payload-mismatch',
    /its SHA-1 is \S{27}=, not AAAA$/,
  ],
  ['nothing', { content: new Uint8Array() }, 'payload-empty', /is empty$/],
  [
    'a file that is not there',
    { content: join(folder, 'missing') },
    'payload-unreadable',
    /missing cannot be read: ENOENT$/,
  ],
  ['a folder', { content: folder }, 'payload-unreadable', /EISDIR/],
  ['a path as its name', { name: '../x', content: uki }, 'payload-name', /no name of a payload$/],
  ['the name of the list', { name: 'SHA256SUMS', content: uki }, 'payload-name', /has SHA256SUMS already$/],
])('refuses a payload that is %s', async (_, offer, code, message) => {
  await using server = await start()
  const offered = server.offerFiles([{ name: 'a.raw', ...offer }])
  await expect(offered).rejects.toBeInstanceOf(UsageError)
  await expect(offered).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  if (code === 'payload-name') return
  const packages = [
    { name: 'main.gz', content: uki },
    { name: 'a.raw', ...offer },
  ] as const
  await expect(server.offerRelease({ version: '1', packages })).rejects.toMatchObject({ code })
  expect((await get(`${server.urls.directory}SHA256SUMS`)).status).toBe(404)
})

it('takes a payload that is what it is declared to be', async () => {
  await using server = await start()
  const both = { bytes: 8, sha1: createHash('sha1').update(uki).digest('hex').toUpperCase() }
  const declared = { ...both, sha256: Buffer.from(sha256(uki), 'hex').toString('base64') }
  await server.offerFiles([{ name: 'a.raw', content: uki, declared }])
  expect((await get(`${server.urls.directory}a.raw`)).status).toBe(200)
})

it('refuses a payload whose signature is by somebody else, or of something else', async () => {
  await using server = await start()
  const { signDetached } = await import('./openpgp.ts')
  const [key, other] = [await createSigningKey(), await createSigningKey('other')]
  const of = await signDetached(usr, key.privateKey)
  const offer = async (content: PackageOffer['content'], publicKey: string): Promise<void> => {
    await server.offerFiles([{ name: 'a.raw', content, declared: { signature: { of, publicKey } } }])
  }
  await offer(usrPath, key.publicKey)
  await expect(offer(usrPath, other.publicKey)).rejects.toMatchObject({ code: 'payload-signature' })
  await expect(offer(uki, key.publicKey)).rejects.toMatchObject({ code: 'payload-signature' })
  await expect(offer(usrPath, 'no key')).rejects.toMatchObject({ code: 'payload-signature' })
  await expect(server.offerFiles(offers, { signingKey: key.publicKey })).rejects.toMatchObject({
    code: 'signing-key',
  })
})

it('offers the folder of a release as it was published, and refuses one that is damaged', async () => {
  await using server = await start()
  const { signDetached } = await import('./openpgp.ts')
  const key = await createSigningKey()
  const release = mkdtempSync(join(folder, 'release-'))
  const sums = `${sha256(usr)} *a.raw\n${sha256(uki)}  elsewhere.raw\n`
  writeFileSync(join(release, 'a.raw'), usr)
  writeFileSync(join(release, 'not-listed.raw'), usr)
  await expect(server.offerFolder(release)).rejects.toMatchObject({ code: 'payload-unreadable' })
  writeFileSync(join(release, 'SHA256SUMS'), sums)
  await expect(server.offerFolder(release, key)).rejects.toMatchObject({ code: 'payload-unreadable' })
  writeFileSync(join(release, 'SHA256SUMS.gpg'), await signDetached(Buffer.from(sums), key.privateKey))
  await server.offerFolder(release, key)
  const { directory } = server.urls
  expect(await (await get(`${directory}SHA256SUMS`)).text()).toBe(sums)
  expect((await bytesOf(await get(`${directory}SHA256SUMS.gpg`))).length).toBeGreaterThan(50)
  expect((await get(`${directory}a.raw`)).status).toBe(200)
  expect((await get(`${directory}not-listed.raw`)).status).toBe(404)
  await expect(server.offerFolder(release, await createSigningKey())).rejects.toMatchObject({
    code: 'payload-signature',
  })
  writeFileSync(join(release, 'a.raw'), uki)
  await expect(server.offerFolder(release, key)).rejects.toMatchObject({ code: 'payload-mismatch' })
})
