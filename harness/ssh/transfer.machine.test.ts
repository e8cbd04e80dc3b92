import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { connectSsh, type SshConnection } from './connection.ts'
import { exec } from './exec.ts'
import { startTestSshd, type TestSshd } from './sshd.test.fixture.ts'
import { download, downloadTo, upload, type Executor } from './transfer.ts'

// Hosts that run emulated guests beside the tests are slow.
vi.setConfig({ testTimeout: 60_000 })

let sshd: TestSshd
let connection: SshConnection
let folder: string
const run: Executor = async (command, options) => exec(connection, command, options)
const connect = async (): Promise<SshConnection> =>
  connectSsh({
    endpoint: sshd.endpoint,
    user: sshd.user,
    privateKey: sshd.key.privateKey,
    signal: AbortSignal.timeout(20_000),
  })

beforeAll(async () => {
  sshd = await startTestSshd()
  connection = await connect()
  folder = join(sshd.folder, 'remote')
  mkdirSync(folder)
})
afterAll(async () => {
  await connection[Symbol.asyncDispose]()
  await sshd[Symbol.asyncDispose]()
})

test.each([
  ['text', 'grüße\n'],
  ['nothing', ''],
  ['any bytes', randomBytes(3_000_000)],
])('uploads and downloads %s', async (name, content) => {
  const path = join(folder, `it's a ${name}`)
  await upload(run, content, path, { mode: 0o640 })
  expect(readFileSync(path).equals(Buffer.from(content))).toBe(true)
  expect(statSync(path).mode & 0o777).toBe(0o640)
  expect((await download(run, path)).equals(Buffer.from(content))).toBe(true)
  expect(readdirSync(folder).filter((entry) => /\.[A-Za-z0-9]{6}$/.test(entry))).toEqual([])
})

test('uploads a file of this host, as root with an owner', async () => {
  const local = join(sshd.folder, 'local')
  writeFileSync(local, randomBytes(100_000))
  const path = join(folder, 'owned')
  const user = sshd.user
  await upload(run, { file: local }, path, { sudo: true, owner: user, mode: 0o4755 })
  expect(readFileSync(path).equals(readFileSync(local))).toBe(true)
  expect(statSync(path).mode & 0o7777).toBe(0o4755)
})

test('a refusal names the command and the reason', async () => {
  await expect(upload(run, 'x', join(folder, 'missing/x'))).rejects.toMatchObject({
    code: 'command-failed',
    message: expect.stringMatching(
      /^exit status 1 from "upload .*missing\/x \(1 bytes, mode 0644\)"[^]*No such file/,
    ),
  })
  await expect(download(run, join(folder, 'missing'))).rejects.toMatchObject({ code: 'command-failed' })
})

test('a connection that breaks leaves the old file', async () => {
  const path = join(folder, 'precious')
  writeFileSync(path, 'old')
  const other = await connect()
  const big = Buffer.alloc(64 * 1024 * 1024)
  const sending = upload(async (command, options) => exec(other, command, options), big, path)
  await expect.poll(() => readdirSync(folder).some((entry) => entry.startsWith('precious.'))).toBe(true)
  other.destroy()
  await expect(sending).rejects.toMatchObject({ code: 'ssh-connection-lost' })
  await expect
    .poll(() => readdirSync(folder).filter((entry) => entry.startsWith('precious')), { timeout: 20_000 })
    .toEqual(['precious'])
  expect(readFileSync(path, 'utf8')).toBe('old')
})

test('downloads are limited in memory, and stream into a file', async () => {
  const path = join(folder, 'large')
  writeFileSync(path, randomBytes(5_000_000))
  await expect(download(run, path, { limitBytes: 1_000_000 })).rejects.toMatchObject({
    code: 'download-too-large',
  })
  const local = join(sshd.folder, 'copy')
  expect(await downloadTo(run, path, local, { sudo: true })).toBe(5_000_000)
  expect(readFileSync(local).equals(readFileSync(path))).toBe(true)
})

test('a download that fails leaves no file', async () => {
  const place = join(sshd.folder, 'downloads')
  mkdirSync(place)
  await expect(downloadTo(run, join(folder, 'missing'), join(place, 'x'))).rejects.toMatchObject({
    code: 'command-failed',
  })
  await expect(
    downloadTo(run, join(folder, 'large'), join(place, 'x'), { limitBytes: 10 }),
  ).rejects.toMatchObject({
    code: 'download-too-large',
  })
  expect(readdirSync(place)).toEqual([])
  await expect(downloadTo(run, join(folder, 'large'), join(place, 'no/x'))).rejects.toThrow('ENOENT')
})
