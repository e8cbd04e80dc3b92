// One fake machine: its power, its console, its SSH server and its agent. What it holds at a moment can be taken, and
// another machine be begun with it.

import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { InfraError } from '../../harness/errors.ts'
import type { MachineExit, MachineSpec, PlatformMachine, PrivateNetwork } from '../../harness/machine.ts'
import { createAgent } from './agent.ts'
import type { FakeBehaviour } from './behaviour.ts'
import type { FakeGuest } from './fake-shell.ts'
import { clockUs, createJournal } from './journal.ts'
import { createFeed } from './feed.ts'
import { createHardware } from './hardware.ts'
import { createJobs } from './jobs.ts'
import { NETWORK_FILE, plugIn, type FakeCard } from './network.ts'
import { createSerial } from './serial.ts'
import { createCalls } from './sync-program.ts'
import { startFakeSsh } from './ssh-server.ts'

/** All that a clone has of its template. */
export interface FakeMoment {
  readonly files: ReadonlyMap<string, string>
  readonly failedUnits: readonly string[]
  readonly console: readonly string[]
  readonly bootId: string
  readonly machineId: string
}

export interface FakeMachineOptions {
  readonly spec: MachineSpec
  readonly folder: string
  readonly behaviour: FakeBehaviour
  /** Where it is on the private network of its cluster. */
  readonly place:
    | { readonly network: PrivateNetwork; readonly index: number; readonly plugged: boolean }
    | undefined
  readonly source: FakeSource
}

export type FakeSource =
  | { readonly kind: 'boot'; readonly files: ReadonlyMap<string, string>; readonly inInitrd: boolean }
  | {
      readonly kind: 'clone'
      readonly moment: FakeMoment
      /** It waits for `power('resume')`. */
      readonly paused: boolean
      readonly onDamageTemplate: () => void
    }

export interface FakeMachine extends PlatformMachine {
  readonly spec: MachineSpec
  readonly behaviour: FakeBehaviour
  moment(): FakeMoment
  /** Takes it out of the session that it ends with. */
  leaveSession: () => void
}

const PING_MS = 300

type State = 'on' | 'paused' | 'off' | 'gone'

/** Creates and starts a machine; `onDestroyed` may be called more than once. */
export async function createMachine(
  options: FakeMachineOptions,
  onDestroyed: (machine: FakeMachine) => void,
): Promise<FakeMachine> {
  const { spec, folder, behaviour, place, source } = options
  const { name } = spec
  const origin = source.kind === 'clone' ? 'fork' : source.inInitrd ? 'initrd' : 'cold'
  const begin = source.kind === 'clone' ? source.moment : firstMoment(source.files, behaviour)
  const files = new Map(begin.files)
  const failedUnits = new Set(begin.failedUnits)
  let { bootId, machineId } = begin
  const feed = createFeed(join(folder, 'console.txt'))
  let exited = Promise.withResolvers<MachineExit>()
  let state: State = 'off'
  let sshTrouble = behaviour.ssh
  let sshTroubleAtBoot = behaviour.ssh
  const end = (next: 'off' | 'gone', exit: MachineExit): void => {
    if (state === 'gone') return
    state = next
    card?.[Symbol.dispose]()
    ssh.drop()
    exited.resolve(exit)
  }
  let card: FakeCard | undefined
  const plug = (): void => {
    // Without its file it has no address.
    if (place !== undefined) card = plugIn(place.network, place.index, () => files.has(NETWORK_FILE))
  }
  const boot = (): void => {
    plug()
    if (state === 'off') exited = Promise.withResolvers<MachineExit>()
    state = 'on'
    bootId = randomUUID()
    sshTrouble = sshTroubleAtBoot
    ssh.drop()
    for (const line of ['Linux version 6.0.0-fake', ...behaviour.console, ...bootTrouble[behaviour.boot]])
      feed.push(line)
    if (behaviour.boot === 'lost') {
      end('gone', { expected: false, blame: 'platform', reason: 'the emulator was killed by SIGKILL' })
    }
    agent.restart()
  }
  const isUp = (): boolean => state === 'on' && behaviour.boot === 'ok'
  let isAgentStopped = false
  const calls = createCalls()
  const journal = createJournal(behaviour.journalLagMs)
  const guest: FakeGuest = {
    calls,
    files,
    failedUnits,
    origin,
    osReleaseId: behaviour.osReleaseId,
    architecture: spec.architecture,
    bootId: () => bootId,
    machineId: () => machineId,
    print: (line) => feed.push(line),
    log: (message) => journal.log(message),
    clockUs,
    end: (blame, reason) => end('gone', { expected: false, blame, reason }),
    reboot: boot,
    ping: async (index) => (await card?.ping(index, PING_MS)) ?? false,
    sshTrouble: () => sshTrouble,
    setSshTrouble: (trouble, when) => {
      sshTroubleAtBoot = trouble
      if (when === 'at-boot') return
      sshTrouble = trouble
      if (trouble !== 'ok') ssh.drop()
    },
    killAgent: () => agent.restart(),
    stopAgent: () => (isAgentStopped = true),
    damageTemplate: () => {
      if (source.kind === 'clone') source.onDamageTemplate()
    },
  }
  const ssh = await startFakeSsh(guest, () => isUp() && sshTrouble === 'ok')
  const agent = createAgent({
    behaviour,
    isUp: () => isUp() && !isAgentStopped,
    bootId: () => bootId,
    machineId: () => machineId,
    jobs: (say) => createJobs(guest, say),
    write: (path, text) => void files.set(path, text),
    renew: (newMachineId, hostKey) => {
      machineId = newMachineId
      if (hostKey !== undefined) ssh.setHostKey(hostKey)
    },
  })
  if (source.kind === 'boot') boot()
  else {
    plug()
    state = source.paused ? 'paused' : 'on'
    for (const line of begin.console) feed.push(line)
  }
  const machine: FakeMachine = {
    id: randomUUID(),
    leaveSession: () => undefined,
    name,
    spec,
    behaviour,
    origin,
    facts: { ssh: `${ssh.endpoint.host}:${ssh.endpoint.port}` },
    console: feed,
    ...(journal.channel === undefined ? {} : { journal: journal.channel }),
    agent,
    serial: createSerial(),
    calls,
    hardware: createHardware(name, guest, place === undefined ? 'none' : place.plugged ? 'port' : 'slot'),
    get exited() {
      return exited.promise
    },
    async ssh(signal) {
      await Promise.resolve()
      signal.throwIfAborted()
      return ssh.endpoint
    },
    async power(action, signal) {
      await Promise.resolve()
      signal.throwIfAborted()
      if (state === 'gone') throw new InfraError(`${name} is gone`, { code: 'fake-gone' })
      if (action === 'cut' || action === 'shutdown') {
        end('off', { expected: true, blame: 'platform', reason: `power ${action}` })
      } else if (action === 'on' || action === 'reset') boot()
      else if (action === 'pause' && state === 'on') state = 'paused'
      else if (action === 'resume' && state === 'paused') state = 'on'
    },
    privateMemoryMiB: () => 64,
    cpuTime: () => behaviour.cpuTime,
    moment: () => ({
      files: new Map(files),
      failedUnits: [...failedUnits],
      console: feed.tail(Number.MAX_SAFE_INTEGER),
      bootId,
      machineId,
    }),
    async [Symbol.asyncDispose]() {
      end('gone', { expected: true, blame: 'platform', reason: 'destroyed' })
      await ssh[Symbol.asyncDispose]()
      onDestroyed(machine)
    },
  }
  return machine
}

function firstMoment(files: FakeMoment['files'], { failedUnits }: FakeBehaviour): FakeMoment {
  return { files, failedUnits, console: [], bootId: '', machineId: randomUUID().replaceAll('-', '') }
}

const bootTrouble: Readonly<Record<FakeBehaviour['boot'], readonly string[]>> = {
  ok: [],
  silent: [],
  lost: [],
  'create-fails': [],
  panic: ['Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)'],
  emergency: ['You are in emergency mode. After logging in, type "journalctl -xb"'],
}
