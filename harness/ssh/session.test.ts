// A session with a real SSH server, of a fake machine: what becomes of commands when the connection ends.

import { createCalls } from '../../platforms/fake/sync-program.ts'
import { expect, test } from 'vitest'
import { sleep } from '../deadline.ts'
import type { FakeGuest } from '../../platforms/fake/fake-shell.ts'
import { startFakeSsh } from '../../platforms/fake/ssh-server.ts'
import { generateKeyText } from './openssh-key.ts'
import { SshSession } from './session.ts'

const guest: FakeGuest = {
  files: new Map(),
  failedUnits: new Set(),
  architecture: 'x86_64',
  osReleaseId: 'reference',
  origin: 'cold',
  bootId: () => 'the-boot',
  machineId: () => 'the-machine',
  print: () => undefined,
  log: () => undefined,
  clockUs: () => 0,
  end: () => undefined,
  reboot: () => undefined,
  ping: async () => await Promise.resolve(false),
  calls: createCalls(),
  sshTrouble: () => 'ok',
  setSshTrouble: () => undefined,
  killAgent: () => undefined,
  damageTemplate: () => undefined,
  stopAgent: () => undefined,
}

async function openSession() {
  let dialled = 0
  const stack = new AsyncDisposableStack()
  const server = stack.use(
    await startFakeSsh(guest, () => {
      dialled += 1
      return true
    }),
  )
  const { privateKey } = generateKeyText('')
  const session = stack.use(
    new SshSession({
      endpoint: async () => await Promise.resolve(server.endpoint),
      user: 'core',
      privateKey,
    }),
  )
  await session.connect({ timeoutMs: 10_000 })
  return {
    session,
    server,
    dialled: () => dialled,
    [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
  }
}

test('a connection that is given up takes its commands along, and no other is made for them', async () => {
  await using world = await openSession()
  const { session } = world
  const running = session.exec('sleep 600').catch((error: unknown) => error)
  // Until the server has it: a command that was not sent yet would open a connection by itself.
  await sleep(100)
  await session.disconnect('the machine is being saved')
  expect(await running).toMatchObject({ code: 'ssh-connection-lost' })
  await sleep(300)
  expect(world.dialled()).toBe(1)
  expect(await session.run('echo again')).toMatchObject({ stdout: 'again' })
  expect(world.dialled()).toBe(2)
  await session.disconnect('twice')
  await session.disconnect('twice')
})

test('a connection that is lost is made anew, to say why', async () => {
  await using world = await openSession()
  const { session, server } = world
  const running = session.exec('sleep 600').catch((error: unknown) => error)
  await sleep(100)
  server.drop()
  expect(await running).toMatchObject({ code: 'ssh-connection-lost' })
  expect(world.dialled()).toBe(2)
})
