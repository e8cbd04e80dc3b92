import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SshSession } from './session.ts'
import { startTestSshd, type TestSshd } from './sshd.test.fixture.ts'

// Hosts that run emulated guests beside the tests are slow.
vi.setConfig({ testTimeout: 60_000 })

let sshd: TestSshd
let session: SshSession
let commands: string[]
const bootIdPath = (): string => join(sshd.folder, 'boot_id')
const setBoot = (id: string): void => writeFileSync(bootIdPath(), `${id}\n`)
const asked = async (): Promise<string> => {
  await expect.poll(() => existsSync(join(sshd.folder, 'systemctl')), { timeout: 20_000 }).toBe(true)
  return readFileSync(join(sshd.folder, 'systemctl'), 'utf8').trim()
}

beforeEach(async () => {
  sshd = await startTestSshd()
  setBoot('boot-1')
  commands = []
  session = new SshSession({
    endpoint: async () => sshd.endpoint,
    user: sshd.user,
    privateKey: sshd.key.privateKey,
    bootIdPath: bootIdPath(),
    lastSeen: () => 'login:',
    onCommand: (outcome) => commands.push(`${outcome.command} -> ${outcome.exitCode}`),
  })
})
afterEach(async () => {
  await session[Symbol.asyncDispose]()
  await sshd[Symbol.asyncDispose]()
})

test('connects by itself, shares one connection, and tells of every command', async () => {
  const outcomes = await Promise.all([
    session.run('echo 1'),
    session.exec('exit 3'),
    session.run(['echo', 'a b']),
  ])
  expect(outcomes.map((outcome) => outcome.exitCode)).toEqual([0, 3, 0])
  await expect(session.run('sleep 60', { timeoutMs: 300 })).rejects.toThrow('waited 0.3 s')
  expect(commands.toSorted()).toEqual(["echo 'a b' -> 0", 'echo 1 -> 0', 'exit 3 -> 3', 'sleep 60 -> null'])
  expect(sshd.dials()).toBe(1)
  expect(session.bootId).toBe('boot-1')
})

test('a dropped connection comes back with the next command', async () => {
  const running = session.run('echo up; sleep 60', { onStdout: () => sshd.drop() })
  await expect(running).rejects.toMatchObject({ code: 'ssh-connection-lost' })
  expect((await session.run('echo again')).stdout).toBe('again')
  expect(sshd.dials()).toBe(2)
})

test('a reboot that nobody asked for is an error once, then the machine can be looked at', async () => {
  await session.run('true')
  setBoot('boot-2')
  sshd.drop()
  await expect(session.run('true')).rejects.toMatchObject({
    code: 'unexpected-reboot',
    message: 'the machine rebooted by itself (boot id boot-1, now boot-2); last console line: login:',
  })
  expect((await session.run('echo evidence')).stdout).toBe('evidence')
  expect(session.bootId).toBe('boot-2')
})

test('a host key that changes over a drop is an error', async () => {
  await session.run('true')
  sshd.newHostKey()
  sshd.drop()
  await expect(session.run('true')).rejects.toMatchObject({ code: 'ssh-host-key-changed' })
})

test('an orderly reboot waits through the dying system for another boot id', async () => {
  await session.run('true')
  const rebooting = session.reboot({ timeoutMs: 40_000 })
  expect(await asked()).toBe('reboot')
  // A command given meanwhile waits for the new boot.
  const meanwhile = session.run(['cat', bootIdPath()])
  // The old system still answers on a new connection.
  const dials = sshd.dials()
  sshd.drop()
  await expect.poll(() => sshd.dials(), { timeout: 20_000 }).toBeGreaterThan(dials)
  sshd.script('close', 'close')
  setBoot('boot-2')
  sshd.drop()
  expect(await rebooting).toMatchObject({ bootId: 'boot-2' })
  expect((await meanwhile).stdout).toBe('boot-2')
  expect(session.bootId).toBe('boot-2')
  expect(commands[1]).toBe('systemctl reboot -> 0')
})

test('a forced reboot and a reset from outside', async () => {
  const forced = session.reboot({ how: 'forced', timeoutMs: 40_000 })
  expect(await asked()).toBe('reboot --force --force')
  setBoot('boot-2')
  sshd.drop()
  expect((await forced).bootId).toBe('boot-2')
  const reset = session.reboot({
    how: async () => {
      setBoot('boot-3')
      sshd.drop()
    },
    timeoutMs: 40_000,
  })
  expect((await reset).bootId).toBe('boot-3')
  expect((await session.run('echo fine')).stdout).toBe('fine')
})

test('what takes the place of a reboot may run several commands, and lose the machine by one', async () => {
  await session.run('true')
  const rebooted = await session.reboot({
    how: async () => {
      expect((await session.run('echo first')).stdout).toBe('first')
      expect((await session.run(['cat', bootIdPath()])).stdout).toBe('boot-1')
      const last = session.run('echo last; sleep 60', {
        onStdout: () => {
          setBoot('boot-2')
          sshd.drop()
        },
      })
      await expect(last).rejects.toMatchObject({ code: 'ssh-connection-lost' })
      expect((await session.run(['cat', bootIdPath()])).stdout).toBe('boot-2')
      await last
    },
    timeoutMs: 40_000,
  })
  expect(rebooted.bootId).toBe('boot-2')
  expect((await session.run(['cat', bootIdPath()])).stdout).toBe('boot-2')
  const refused = session.reboot({
    how: async () => void (await session.run('exit 7')),
    timeoutMs: 40_000,
  })
  await expect(refused).rejects.toMatchObject({ code: 'command-failed' })
  // By a connection of its own: the one before was given up with the reboot.
  const dials = sshd.dials()
  expect((await session.run('echo still here')).stdout).toBe('still here')
  expect(sshd.dials()).toBe(dials + 1)
})

test('a machine that does not come back ends in a timeout with phase and console line', async () => {
  await session.run('true')
  sshd.script(...Array.from({ length: 50 }, () => 'close' as const))
  await expect(session.reboot({ how: async () => sshd.drop(), timeoutMs: 1200 })).rejects.toThrow(
    /^waited 1\.2 s for the reboot; last seen: waiting for SSH \(SSH: .*\); last console line: login:$/,
  )
})

test('a refused reboot says why', async () => {
  writeFileSync(join(sshd.folder, 'refuse'), '')
  await expect(session.reboot({ timeoutMs: 20_000 })).rejects.toMatchObject({
    code: 'reboot-refused',
    message: 'the machine refused to reboot: exit status 4 from "systemctl reboot": Access denied',
  })
  expect((await session.run('echo still here')).stdout).toBe('still here')
})

test('disposing ends what still waits', async () => {
  await session.run('true')
  const running = session.run('sleep 60')
  await session[Symbol.asyncDispose]()
  await expect(running).rejects.toMatchObject({ code: 'ssh-connection-lost' })
  await expect(session.run('true')).rejects.toThrow('the SSH session was closed')
})
