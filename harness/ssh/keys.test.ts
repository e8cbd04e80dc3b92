import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import ssh2 from 'ssh2'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadSshKey } from './keys.ts'
import { generateKeyText } from './openssh-key.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-keys-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a key is made once, kept 0600 in a folder 0700, and found again', () => {
  const place = join(folder, 'ssh')
  const first = loadSshKey(place)
  const second = loadSshKey(place)
  expect(second).toEqual(first)
  expect(first.notice).toBeUndefined()
  expect(first.publicKey).toMatch(/^ssh-ed25519 AAAA\S+ signalbox$/)
  expect(first.path).toBe(join(place, 'id_ed25519'))
  expect(statSync(place).mode & 0o777).toBe(0o700)
  expect(statSync(join(place, 'id_ed25519')).mode & 0o777).toBe(0o600)
  expect(readdirSync(place)).toEqual(['id_ed25519'])
})

test('ssh-keygen reads the private key and finds the same public key', async () => {
  const key = loadSshKey(folder)
  const { stdout } = await promisify(execFile)('ssh-keygen', ['-y', '-f', join(folder, 'id_ed25519')])
  expect(stdout.trim()).toBe(key.publicKey)
})

test('every generated key can be read back, the ones with leading zeros too', () => {
  for (let n = 0; n < 600; n++) {
    const key = generateKeyText('x')
    const parsed = ssh2.utils.parseKey(key.privateKey)
    expect(parsed).not.toBeInstanceOf(Error)
  }
})

test('processes that start together agree on one key', async () => {
  const script = `import { loadSshKey } from '${join(import.meta.dirname, 'keys.ts')}'
console.log(loadSshKey(process.argv[1]).publicKey)`
  const place = join(folder, 'race')
  const runs = await Promise.all(
    Array.from({ length: 4 }, async () =>
      promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, place]),
    ),
  )
  expect(new Set(runs.map((run) => run.stdout)).size).toBe(1)
  expect(runs[0]?.stdout).toBe(`${loadSshKey(place).publicKey}\n`)
})

test('a folder that cannot be made gives a key in memory and says so', () => {
  writeFileSync(join(folder, 'file'), '')
  const place = join(folder, 'file', 'ssh')
  const key = loadSshKey(place)
  expect(key.path).toBeUndefined()
  expect(key.notice).toContain(`cannot keep the SSH key in ${place} (ENOTDIR)`)
  expect(ssh2.utils.parseKey(key.privateKey)).not.toBeInstanceOf(Error)
})

test('a broken key file is replaced and says so', () => {
  writeFileSync(join(folder, 'id_ed25519'), 'rubbish')
  const key = loadSshKey(folder)
  expect(key.notice).toContain('has been replaced')
  expect(readFileSync(join(folder, 'id_ed25519'), 'utf8')).toBe(key.privateKey)
  expect(existsSync(join(folder, 'id_ed25519'))).toBe(true)
  expect(loadSshKey(folder).notice).toBeUndefined()
})
