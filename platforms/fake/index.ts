// The fake platform: in-memory machines with a real SSH server each, scripted through their Ignition config. For the
// harness's own tests; it boots nothing and proves nothing about an image.

import { randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { InfraError } from '../../harness/errors.ts'
import type {
  LineFeed,
  MachineExit,
  MachineSpec,
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

function refuses({ memoryMiB }: MachineSpec): string | undefined {
  return memoryMiB > 4096 ? `${memoryMiB} MiB of memory; the fake has 4096` : undefined
}

function openSession(): PlatformSession {
  const machines = new Set<PlatformMachine>()
  let created = 0
  let closed = false
  return {
    budget: { memoryMiB: 4096, cpus: 8 },
    hostAddress: '127.0.0.1',
    facts: { accelerator: 'none' },
    slowness: 1,
    refuses,
    async create(spec, { folder, signal }) {
      signal.throwIfAborted()
      const refusal = refuses(spec)
      if (refusal !== undefined) throw new InfraError(`refused: ${refusal}`, { code: 'fake-refused' })
      if (closed) throw new InfraError('the fake platform was closed', { code: 'fake-closed' })
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
      closed = true
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
  const feed = createFeed(join(folder, 'console.txt'))
  let exited = Promise.withResolvers<MachineExit>()
  let bootId = ''
  let state: 'on' | 'off' | 'gone' = 'off'
  const end = (next: 'off' | 'gone', exit: MachineExit): void => {
    if (state === 'gone') return
    state = next
    ssh.drop()
    exited.resolve(exit)
  }
  const boot = (): void => {
    if (state === 'off') exited = Promise.withResolvers<MachineExit>()
    state = 'on'
    bootId = randomUUID()
    ssh.drop()
    for (const line of ['Linux version 6.0.0-fake', ...behaviour.console, ...bootTrouble[behaviour.boot]])
      feed.push(line)
    if (behaviour.boot === 'lost') {
      end('gone', { expected: false, blame: 'platform', reason: 'the emulator was killed by SIGKILL' })
    }
  }
  const ssh = await startFakeSsh(
    {
      files,
      failedUnits: new Set(behaviour.failedUnits),
      osReleaseId: behaviour.osReleaseId,
      bootId: () => bootId,
      print: (line) => feed.push(line),
      end: (blame, reason) => end('gone', { expected: false, blame, reason }),
      reboot: boot,
    },
    () => state === 'on' && behaviour.boot === 'ok',
  )
  boot()
  return {
    id: randomUUID(),
    name,
    origin: 'cold',
    facts: { ssh: `${ssh.endpoint.host}:${ssh.endpoint.port}` },
    console: feed,
    get exited() {
      return exited.promise
    },
    async ssh() {
      return await Promise.resolve(ssh.endpoint)
    },
    async power(action, signal) {
      await Promise.resolve()
      signal.throwIfAborted()
      if (state === 'gone') throw new InfraError(`${name} is gone`, { code: 'fake-gone' })
      if (action === 'cut' || action === 'shutdown') {
        end('off', { expected: true, blame: 'platform', reason: `power ${action}` })
      } else if (action === 'on' || action === 'reset') boot()
    },
    async [Symbol.asyncDispose]() {
      end('gone', { expected: true, blame: 'platform', reason: 'destroyed' })
      await ssh[Symbol.asyncDispose]()
    },
  }
}

const bootTrouble: Readonly<Record<FakeBehaviour['boot'], readonly string[]>> = {
  ok: [],
  silent: [],
  lost: [],
  'create-fails': [],
  panic: ['Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)'],
  emergency: ['You are in emergency mode. After logging in, type "journalctl -xb"'],
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
