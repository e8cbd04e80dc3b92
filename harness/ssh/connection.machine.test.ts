import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { TimeoutError } from '../deadline.ts'
import { connectSsh, type ConnectOptions } from './connection.ts'
import { exec, run } from './exec.ts'
import { generateKeyText } from './openssh-key.ts'
import { startTestSshd, type TestSshd } from './sshd.test.fixture.ts'
import { bannerPatience, waitForSsh } from './wait-ready.ts'

// Hosts that run emulated guests beside the tests are slow.
vi.setConfig({ testTimeout: 60_000 })

let sshd: TestSshd
let options: ConnectOptions
beforeEach(async () => {
  sshd = await startTestSshd()
  options = {
    endpoint: sshd.endpoint,
    user: sshd.user,
    privateKey: sshd.key.privateKey,
    signal: AbortSignal.timeout(30_000),
  }
})
afterEach(async () => sshd[Symbol.asyncDispose]())

test('the host key is learned, and a changed one refused', async () => {
  await using first = await connectSsh(options)
  expect(first.hostKey).toMatch(/^ssh-ed25519 AAAA/)
  await using again = await connectSsh({ ...options, hostKey: first.hostKey })
  expect((await run(again, 'echo hi')).stdout).toBe('hi')
  sshd.newHostKey()
  await expect(connectSsh({ ...options, hostKey: first.hostKey })).rejects.toMatchObject({
    code: 'ssh-host-key-changed',
    message: expect.stringMatching(/pinned SHA256:\S+, now SHA256:/),
  })
  await expect(waitForSsh({ ...options, hostKey: first.hostKey, timeoutMs: 20_000 })).rejects.toMatchObject({
    code: 'ssh-host-key-changed',
  })
})

test('a key that is not accepted is told apart', async () => {
  const { privateKey } = generateKeyText('other')
  await expect(connectSsh({ ...options, privateKey })).rejects.toMatchObject({ code: 'ssh-auth-failed' })
  await expect(waitForSsh({ ...options, privateKey, timeoutMs: 1500 })).rejects.toThrow(
    /^waited 1\.5 s for SSH; last seen: the machine does not accept the harness's SSH key/,
  )
})

test('waiting gets through refused and silent connections', async () => {
  sshd.script('close', 'close', 'silence', 'close')
  await using connection = await waitForSsh({ ...options, timeoutMs: 20_000 })
  expect((await run(connection, 'echo up')).stdout).toBe('up')
  expect(sshd.dials()).toBe(5)
})

test('a guest that never answers ends in a timeout with the last console line', async () => {
  sshd.script(...Array.from({ length: 50 }, () => 'silence' as const))
  const waiting = waitForSsh({ ...options, timeoutMs: 1500, lastSeen: () => 'Kernel panic' })
  await expect(waiting).rejects.toBeInstanceOf(TimeoutError)
  await expect(waiting).rejects.toThrow(
    'waited 1.5 s for SSH; last seen: SSH: connected, but no banner; last console line: Kernel panic',
  )
  expect(sshd.dials()).toBeLessThanOrEqual(4)
})

test('nobody listening is polled, not hammered', async () => {
  const { endpoint, ...rest } = options
  await sshd[Symbol.asyncDispose]()
  await expect(waitForSsh({ ...rest, endpoint, timeoutMs: 900 })).rejects.toThrow(/ECONNREFUSED/)
})

test('an abort ends the wait at once', async () => {
  sshd.script('silence')
  const controller = new AbortController()
  const waiting = waitForSsh({ ...options, signal: controller.signal, timeoutMs: 60_000 })
  setImmediate(() => controller.abort(new Error('enough')))
  await expect(waiting).rejects.toThrow('enough')
})

test('a connection that dies under a command is an error, and closed says why', async () => {
  await using connection = await connectSsh(options)
  const running = exec(connection, 'echo started; sleep 60', { onStdout: () => sshd.drop() })
  await expect(running).rejects.toMatchObject({ code: 'ssh-connection-lost' })
  expect(await connection.closed).not.toBe('')
  expect(connection.isOpen).toBe(false)
  await expect(exec(connection, 'echo x')).rejects.toMatchObject({ code: 'ssh-connection-lost' })
})

test('patience grows with the time the boot has taken, and with silence where sshd works', () => {
  expect([0, 10_000, 60_000, 1e9].map((ms) => bannerPatience(ms, false, 9))).toEqual([600, 600, 3000, 20_000])
  expect([0, 60_000, 1e9].map((ms) => bannerPatience(ms, true, 0))).toEqual([4000, 9000, 30_000])
  expect([1, 2, 9].map((silences) => bannerPatience(0, true, silences))).toEqual([6000, 9000, 30_000])
})
