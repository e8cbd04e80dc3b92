// A machine of the QEMU platform over all its power cycles: one overlay, one console, many lives.

import { abortable } from '../../harness/deadline.ts'
import { InfraError, MachineError, messageOf, UsageError } from '../../harness/errors.ts'
import type { LedgerEntry } from '../../harness/ledger.ts'
import type { MachineOrigin } from '../../harness/model.ts'
import type {
  AgentPort,
  Checkpoint,
  LineFeed,
  MachineExit,
  MachineSpec,
  PlatformMachine,
  PowerAction,
  SerialLine,
  SshEndpoint,
} from '../../harness/machine.ts'
import {
  cpuTime,
  privateMemoryMiB,
  PRIVATE_CARD_PORT,
  saveState,
  sparePorts,
  stopOrderly,
  type ConsoleFeed,
  type CpuTime,
  type LineBuffer,
  type DiskConfig,
  type QmpConnection,
} from '../../qemu/index.ts'
import { QemuCheckpoint, takeCheckpoint } from './checkpoint.ts'
import { neverSaved } from './never-saved.ts'
import { capabilitiesOf } from './capabilities.ts'
import { openHardware, type QemuHardware } from './hardware.ts'
import type { Life, SavedState } from './life.ts'

/** How a life begins: as the machine's source says, from a saved state, or like any power-on. */
export type Beginning =
  | { readonly kind: 'first' }
  | { readonly kind: 'state'; readonly state: SavedState }
  | { readonly kind: 'boot' }

/** Starts the machine's next life; `firstBoot` only for the very first, and for what goes back to it. */
export type StartLife = (cycle: {
  readonly firstBoot: boolean
  readonly begin: Beginning
  readonly sshPort: number
  readonly signal: AbortSignal
}) => Promise<Life>

export interface MachineParts {
  readonly id: string
  readonly name: string
  readonly spec: MachineSpec
  readonly origin: MachineOrigin
  /** Its first life is, or belongs to, the image's first boot. */
  readonly firstBoot: boolean
  readonly facts: Readonly<Record<string, string | number>>
  readonly console: ConsoleFeed
  readonly journal: LineBuffer
  readonly agent: AgentPort
  readonly calls: AgentPort
  /** Where checkpoints and what is plugged in go; undefined when it takes none. */
  readonly storage: string | undefined
  readonly consolePath: string
  /** It can be kept. */
  readonly keepable: boolean
  readonly disks: readonly string[]
  readonly attached: readonly DiskConfig[]
  /** Its card on the private network was plugged into a spare port. */
  readonly hasPluggedCard: boolean
  /** Its network cards. */
  readonly links: readonly ('primary' | 'private')[]
  /** How long a guest may take to let go of a device. */
  readonly releaseMs: number
  readonly firmwareVariables: string | undefined
  readonly startLife: StartLife
  /** Whether a reset needs a new process, because the first one's command line is for the first boot only. */
  readonly firstBootIsSpecial: boolean
  /** How long a guest may take to power off. */
  readonly shutdownMs: number
  /** Everything the machine owns but its process. */
  readonly belongings: AsyncDisposableStack
}

type State =
  | { readonly kind: 'off' }
  | { readonly kind: 'starting'; readonly life: Promise<Life> }
  | { readonly kind: 'running'; readonly life: Life; readonly firstBoot: boolean }
  /** It runs, and is no longer ours. */
  | { readonly kind: 'kept' }
  | { readonly kind: 'destroyed' }

type Cycle = Pick<Parameters<StartLife>[0], 'firstBoot' | 'begin'>

const NEXT: Cycle = { firstBoot: false, begin: { kind: 'boot' } }

/** Implements the seam; `createMachine` builds it. */
export class QemuMachine implements PlatformMachine {
  readonly id: string
  readonly name: string
  readonly origin: MachineOrigin
  readonly facts: Readonly<Record<string, string | number>>
  readonly console: LineFeed
  readonly journal: LineFeed
  readonly agent: AgentPort
  readonly serial: SerialLine
  readonly calls: AgentPort
  readonly disks: readonly string[]
  readonly hardware: QemuHardware
  readonly #parts: MachineParts
  readonly #destroyed = new AbortController()
  #state: State = { kind: 'off' }
  #exit = Promise.withResolvers<MachineExit>()
  #lastPort = 0
  #disposal: Promise<void> | undefined

  private constructor(parts: MachineParts) {
    this.#parts = parts
    this.id = parts.id
    this.name = parts.name
    this.facts = parts.facts
    this.origin = parts.origin
    this.console = parts.console.lines
    this.journal = parts.journal
    this.agent = parts.agent
    this.serial = parts.console
    this.calls = parts.calls
    this.hardware = openHardware({
      ...parts,
      canPlug: capabilitiesOf(parts.spec.architecture).includes('hot-plug'),
      machine: parts.name,
      ports: parts.hasPluggedCard ? sparePorts.filter((port) => port !== PRIVATE_CARD_PORT) : sparePorts,
      life: async (signal) => await abortable(this.#life(), signal),
    })
    this.disks = parts.disks
  }

  /** Powers a new machine on. On failure everything it owns is released. */
  static async start(parts: MachineParts, signal: AbortSignal): Promise<QemuMachine> {
    const machine = new QemuMachine(parts)
    try {
      await machine.#powerOn({ firstBoot: parts.firstBoot, begin: { kind: 'first' } }, signal)
      return machine
    } catch (error) {
      await machine[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Of the current power cycle: a machine that is switched on again has a new one. */
  get exited(): Promise<MachineExit> {
    return this.#exit.promise
  }

  async ssh(signal: AbortSignal): Promise<SshEndpoint> {
    const life = await abortable(this.#life(), signal)
    return { host: '127.0.0.1', port: life.sshPort }
  }

  async power(action: PowerAction, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    switch (action) {
      case 'on':
        if (this.#state.kind !== 'off') throw this.#wrongState(action)
        return await this.#powerOn(NEXT, signal)
      case 'cut':
        return await (await abortable(this.#life(), signal)).cut('the power was cut')
      case 'reset':
        return await this.#reset(signal)
      case 'pause':
        return void (await (
          await abortable(this.#life(), signal)
        ).machine.qmp.execute('stop', {}, { signal }))
      case 'resume':
        return void (await (
          await abortable(this.#life(), signal)
        ).machine.qmp.execute('cont', {}, { signal }))
      case 'shutdown':
        return await this.#shutdown(signal)
      default:
        return action satisfies never
    }
  }

  /** Calls once the machine is destroyed. */
  onDestroyed(then: () => void): void {
    this.#parts.belongings.defer(then)
  }

  cpuTime(): CpuTime | undefined {
    return this.#state.kind === 'running' ? cpuTime(this.#state.life.machine.pid) : undefined
  }

  privateMemoryMiB(): number | undefined {
    return this.#state.kind === 'running' ? privateMemoryMiB(this.#state.life.machine.pid) : undefined
  }

  /**
   * Saves the devices' state into a file and pulls the plug: with the memory file and the disks that is the whole
   * machine. Returns what it said so far.
   */
  async saveInto(
    path: string,
    signal: AbortSignal,
  ): Promise<{ readonly console: string; readonly journal: string }> {
    const life = await abortable(this.#life(), signal)
    await saveState(life.machine.qmp, path, { memory: 'memory-file', signal })
    const said = { console: this.#parts.console.snapshot(), journal: this.#parts.journal.snapshot() }
    await life.cut('saved')
    return said
  }

  async checkpoint(signal: AbortSignal): Promise<Checkpoint> {
    const { storage, disks, firmwareVariables } = this.#parts
    const why = storage === undefined ? 'it is to become a template' : this.whyNotSaved()
    if (storage === undefined || why !== undefined) {
      throw new UsageError(`no checkpoint can be taken of machine ${this.name}: ${why}`, {
        code: 'no-checkpoint',
      })
    }
    const { qmp, firstBoot } = await this.standing(signal)
    const files = [...disks, ...(firmwareVariables === undefined ? [] : [firmwareVariables])]
    return await takeCheckpoint({ owner: this, storage, files, firstBoot, qmp, signal })
  }

  /** Why no state of it can be saved and loaded again, or undefined. */
  whyNotSaved(): string | undefined {
    const why = neverSaved(this.#parts.spec)
    if (why !== undefined) return `it ${why}`
    const { plugged, pathsDown } = this.hardware
    if (pathsDown.length > 0) return `${pathsDown.join(', ')} is down; bring it up first`
    return plugged.length > 0 ? `${plugged.join(', ')} was plugged into it; pull it first` : undefined
  }

  /** What it is now, for whoever saves it. */
  async standing(signal: AbortSignal): Promise<
    Pick<MachineParts, 'spec' | 'firmwareVariables' | 'firstBoot' | 'hasPluggedCard'> & {
      readonly qmp: QmpConnection
    }
  > {
    const { spec, firmwareVariables, hasPluggedCard } = this.#parts
    const life = await abortable(this.#life(), signal)
    const firstBoot = this.#state.kind === 'running' && this.#state.firstBoot
    return { spec, firmwareVariables, firstBoot, hasPluggedCard, qmp: life.machine.qmp }
  }

  async keep(notes: LedgerEntry['data'], signal: AbortSignal): Promise<void> {
    const { consolePath, keepable } = this.#parts
    if (!keepable)
      throw new UsageError(`machine ${this.name} was not made to be kept`, { code: 'not-keepable' })
    const life = await abortable(this.#life(), signal)
    await life.keep(consolePath, notes, signal)
    this.#state = { kind: 'kept' }
  }

  async restore(checkpoint: Checkpoint, signal: AbortSignal): Promise<void> {
    if (!(checkpoint instanceof QemuCheckpoint) || checkpoint.owner !== this) {
      throw new UsageError(`this checkpoint is not of machine ${this.name}`, { code: 'foreign-checkpoint' })
    }
    const state = checkpoint.state()
    const cycle: Cycle = { firstBoot: checkpoint.firstBoot, begin: { kind: 'state', state } }
    const either = AbortSignal.any([signal, this.#destroyed.signal])
    const before = this.#state
    if (before.kind === 'off') {
      await checkpoint.putBack(signal)
      return await this.#powerOn(cycle, signal)
    }
    const life = await abortable(this.#life(), signal)
    await this.#begin(cycle, either, async () => {
      await life.cut('restored')
      await checkpoint.putBack(either)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#destroy()
    await this.#disposal
  }

  async #destroy(): Promise<void> {
    const state = this.#state
    // Our files and sockets are given up; the machine and its folders are not ours.
    if (state.kind === 'kept') return await this.#parts.belongings.disposeAsync()
    this.#state = { kind: 'destroyed' }
    this.#destroyed.abort(new Error('the machine was destroyed'))
    try {
      if (state.kind === 'running') await state.life.cut('destroyed')
      if (state.kind === 'starting')
        await state.life.then(async (life) => life.cut('destroyed')).catch(() => undefined)
    } finally {
      this.#exit.resolve({ expected: true, reason: 'destroyed', blame: 'platform' })
      await this.#parts.belongings.disposeAsync()
    }
  }

  async #powerOn(cycle: Cycle, signal: AbortSignal): Promise<void> {
    if (cycle.begin.kind !== 'first') this.#exit = Promise.withResolvers<MachineExit>()
    try {
      await this.#begin(cycle, AbortSignal.any([signal, this.#destroyed.signal]))
    } catch (error) {
      this.#gone({ expected: false, reason: `it did not start: ${messageOf(error)}`, blame: 'platform' })
      throw error
    }
  }

  // `before` ends the previous life: its end is then no longer the machine's.
  async #begin(cycle: Cycle, signal: AbortSignal, before?: () => Promise<void>): Promise<void> {
    const starting = (async () => {
      await before?.()
      return await this.#parts.startLife({ ...cycle, sshPort: this.#lastPort, signal })
    })()
    // Who waits for the life hears of a failure; when nobody does, the caller of `#begin` does.
    starting.catch(() => undefined)
    this.#state = { kind: 'starting', life: starting }
    const life = await starting
    if (cycle.begin.kind === 'state') this.hardware.forget()
    if (cycle.begin.kind === 'boot') await this.hardware.plugAgain(life, signal)
    if (this.#destroyed.signal.aborted) {
      await life.cut('destroyed')
      return
    }
    this.#lastPort = life.sshPort
    this.#state = { kind: 'running', life, firstBoot: cycle.firstBoot }
    void this.#watch(life)
  }

  async #watch(life: Life): Promise<void> {
    const end = await life.ended
    if (this.#state.kind !== 'running' || this.#state.life !== life) return
    if (end.kind === 'gone') return this.#gone(end.exit)
    try {
      await this.#begin(NEXT, this.#destroyed.signal)
    } catch (error) {
      const reason = `it did not start again after the guest rebooted: ${messageOf(error)}`
      this.#gone({ expected: false, reason, blame: 'platform' })
    }
  }

  #gone(exit: MachineExit): void {
    if (this.#state.kind !== 'destroyed' && this.#state.kind !== 'kept') this.#state = { kind: 'off' }
    this.#exit.resolve(exit)
  }

  async #life(): Promise<Life> {
    const state = this.#state
    if (state.kind === 'running') return state.life
    if (state.kind === 'starting') return await state.life
    if (state.kind === 'kept')
      throw new InfraError(`machine ${this.name} is kept: it is no longer ours`, { code: 'machine-kept' })
    const { reason } = await this.#exit.promise
    throw new InfraError(`machine ${this.name} is off: ${reason}`, { code: 'machine-off' })
  }

  async #reset(signal: AbortSignal): Promise<void> {
    const life = await abortable(this.#life(), signal)
    const special = this.#parts.firstBootIsSpecial && this.#state.kind === 'running' && this.#state.firstBoot
    if (!special) return void (await life.machine.qmp.execute('system_reset', {}, { signal }))
    const either = AbortSignal.any([signal, this.#destroyed.signal])
    await this.#begin(NEXT, either, async () => await life.cut('reset'))
  }

  async #shutdown(signal: AbortSignal): Promise<void> {
    const life = await abortable(this.#life(), signal)
    life.intend({ kind: 'power-off', reason: 'shut down' })
    const budgets = { powerdownMs: this.#parts.shutdownMs, quitMs: 5000 }
    const how = await stopOrderly(life.machine, budgets, signal)
    const end = await life.ended
    if (end.kind === 'gone' && !end.exit.expected) {
      throw new MachineError(`machine ${this.name} did not shut down: ${end.exit.reason}`, {
        code: 'shutdown-failed',
        evidence: this.console.tail(10),
      })
    }
    if (how === 'powered-off') return
    throw new MachineError(`machine ${this.name} did not power off in ${budgets.powerdownMs / 1000} s`, {
      code: 'shutdown-ignored',
      hint: 'its last console lines say what it waits for',
      evidence: this.console.tail(10),
    })
  }

  #wrongState(action: PowerAction): UsageError {
    return new UsageError(`machine ${this.name} cannot be switched ${action}: it is ${this.#state.kind}`, {
      code: 'power-state',
    })
  }
}
