// The fake platform: in-memory machines with a real SSH server each, scripted through their Ignition config. For the
// harness's own tests; it boots nothing and proves nothing about an image.

import { randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { InfraError } from '../../harness/errors.ts'
import type {
  LineFeed,
  MachineExit,
  Platform,
  PlatformMachine,
  PlatformSession,
} from '../../harness/machine.ts'
import { readBehaviour, type FakeBehaviour } from './behaviour.ts'
import { startFakeSsh } from './ssh-server.ts'

export type { FakeBehaviour } from './behaviour.ts'

/** Makes a fake platform; every session of it starts from nothing. */
export function fakePlatform(): Platform {
  return {
    name: 'fake',
    architectures: ['x86_64', 'arm64'],
    firmwares: ['direct', 'bios', 'uefi', 'uefi-secure'],
    open: async () => await Promise.resolve(openSession()),
  }
}

function openSession(): PlatformSession {
  const machines = new Set<PlatformMachine>()
  let created = 0
  return {
    budget: { memoryMiB: 4096, cpus: 8 },
    hostAddress: '127.0.0.1',
    facts: { accelerator: 'none' },
    slowness: 1,
    refuses: ({ memoryMiB }) =>
      memoryMiB > 4096 ? `${memoryMiB} MiB of memory; the fake has 4096` : undefined,
    async create(spec, { folder, signal }) {
      signal.throwIfAborted()
      created += 1
      const { behaviour, files } = readBehaviour(spec.ignition)
      const faulty = behaviour.times === undefined || created <= behaviour.times
      const active: FakeBehaviour = faulty ? behaviour : { ...behaviour, boot: 'ok' }
      if (active.boot === 'create-fails')
        throw new InfraError('the fake platform has no machine today', { code: 'fake-no-machine' })
      const machine = await createMachine(spec.name, active, new Map(files), folder)
      machines.add(machine)
      return machine
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...machines].map(async (machine) => await machine[Symbol.asyncDispose]()))
    },
  }
}

async function createMachine(
  name: string,
  behaviour: FakeBehaviour,
  files: Map<string, string>,
  folder: string,
): Promise<PlatformMachine> {
  const exited = Promise.withResolvers<MachineExit>()
  const feed = createFeed(join(folder, 'console.txt'))
  let bootId = randomUUID()
  let state: 'on' | 'off' | 'gone' = 'on'
  const end = (exit: MachineExit): void => {
    if (state === 'gone') return
    state = 'gone'
    ssh.drop()
    exited.resolve(exit)
  }
  const ssh = await startFakeSsh(
    {
      files,
      failedUnits: new Set(behaviour.failedUnits),
      osReleaseId: behaviour.osReleaseId,
      bootId: () => bootId,
      print: (line) => feed.push(line),
      end: (blame, reason) => end({ expected: false, blame, reason }),
      reboot: () => {
        bootId = randomUUID()
        ssh.drop()
      },
    },
    () => state === 'on' && behaviour.boot === 'ok',
  )
  for (const line of ['Linux version 6.0.0-fake', ...behaviour.console]) feed.push(line)
  if (behaviour.boot === 'panic')
    feed.push('Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)')
  if (behaviour.boot === 'emergency')
    feed.push('You are in emergency mode. After logging in, type "journalctl -xb"')
  if (behaviour.boot === 'lost')
    end({ expected: false, blame: 'platform', reason: 'the emulator was killed by SIGKILL' })
  return {
    id: randomUUID(),
    name,
    facts: { ssh: `${ssh.endpoint.host}:${ssh.endpoint.port}` },
    console: feed,
    exited: exited.promise,
    ssh: async () => await Promise.resolve(ssh.endpoint),
    async power(action) {
      await Promise.resolve()
      if (state === 'gone') return
      if (action === 'cut' || action === 'shutdown') {
        state = 'off'
        ssh.drop()
      } else if (action === 'on' || action === 'reset') {
        state = 'on'
        bootId = randomUUID()
        ssh.drop()
      }
    },
    async [Symbol.asyncDispose]() {
      end({ expected: true, blame: 'platform', reason: 'destroyed' })
      await ssh[Symbol.asyncDispose]()
    },
  }
}

function createFeed(path: string): LineFeed & { push(line: string): void } {
  const lines: string[] = []
  const listeners = new Set<(line: string) => void>()
  let bytes = 0
  return {
    get bytes() {
      return bytes
    },
    push(line) {
      bytes += line.length + 1
      lines.push(line)
      appendFileSync(path, `${line}\n`)
      for (const listener of listeners) listener(line)
    },
    subscribe(onLine) {
      for (const line of lines) onLine(line)
      listeners.add(onLine)
      return () => listeners.delete(onLine)
    },
    tail: (n) => lines.slice(-n),
  }
}
