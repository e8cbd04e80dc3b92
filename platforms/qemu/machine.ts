// A machine of the QEMU platform over all its power cycles: one overlay, one console, many lives.

import { abortable } from '../../harness/deadline.ts'
import { InfraError, MachineError, messageOf, UsageError } from '../../harness/errors.ts'
import type {
  LineFeed,
  MachineExit,
  PlatformMachine,
  PowerAction,
  SshEndpoint,
} from '../../harness/machine.ts'
import { stopOrderly } from '../../qemu/index.ts'
import type { Life } from './life.ts'

/** Starts the machine's next life; `firstBoot` only for the very first. */
export type StartLife = (cycle: {
  readonly firstBoot: boolean
  readonly sshPort: number
  readonly signal: AbortSignal
}) => Promise<Life>

export interface MachineParts {
  readonly id: string
  readonly name: string
  readonly facts: Readonly<Record<string, string | number>>
  readonly console: LineFeed
  readonly journal: LineFeed
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
  | { readonly kind: 'destroyed' }

/** Implements the seam; `createMachine` in session.ts builds it. */
export class QemuMachine implements PlatformMachine {
  readonly id: string
  readonly name: string
  readonly facts: Readonly<Record<string, string | number>>
  readonly console: LineFeed
  readonly journal: LineFeed
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
    this.console = parts.console
    this.journal = parts.journal
  }

  /** Powers a new machine on. On failure everything it owns is released. */
  static async start(parts: MachineParts, signal: AbortSignal): Promise<QemuMachine> {
    const machine = new QemuMachine(parts)
    try {
      await machine.#powerOn(true, signal)
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
        return await this.#powerOn(false, signal)
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

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#destroy()
    await this.#disposal
  }

  async #destroy(): Promise<void> {
    const state = this.#state
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

  async #powerOn(firstBoot: boolean, signal: AbortSignal): Promise<void> {
    if (!firstBoot) this.#exit = Promise.withResolvers<MachineExit>()
    try {
      await this.#begin(firstBoot, AbortSignal.any([signal, this.#destroyed.signal]))
    } catch (error) {
      this.#gone({ expected: false, reason: `it did not start: ${messageOf(error)}`, blame: 'platform' })
      throw error
    }
  }

  // `before` ends the previous life: its end is then no longer the machine's.
  async #begin(firstBoot: boolean, signal: AbortSignal, before?: () => Promise<void>): Promise<void> {
    const starting = (async () => {
      await before?.()
      return await this.#parts.startLife({ firstBoot, sshPort: this.#lastPort, signal })
    })()
    // Who waits for the life hears of a failure; when nobody does, the caller of `#begin` does.
    starting.catch(() => undefined)
    this.#state = { kind: 'starting', life: starting }
    const life = await starting
    if (this.#destroyed.signal.aborted) {
      await life.cut('destroyed')
      return
    }
    this.#lastPort = life.sshPort
    this.#state = { kind: 'running', life, firstBoot }
    void this.#watch(life)
  }

  async #watch(life: Life): Promise<void> {
    const end = await life.ended
    if (this.#state.kind !== 'running' || this.#state.life !== life) return
    if (end.kind === 'gone') return this.#gone(end.exit)
    try {
      await this.#begin(false, this.#destroyed.signal)
    } catch (error) {
      const reason = `it did not start again after the guest rebooted: ${messageOf(error)}`
      this.#gone({ expected: false, reason, blame: 'platform' })
    }
  }

  #gone(exit: MachineExit): void {
    if (this.#state.kind !== 'destroyed') this.#state = { kind: 'off' }
    this.#exit.resolve(exit)
  }

  async #life(): Promise<Life> {
    const state = this.#state
    if (state.kind === 'running') return state.life
    if (state.kind === 'starting') return await state.life
    const { reason } = await this.#exit.promise
    throw new InfraError(`machine ${this.name} is off: ${reason}`, { code: 'machine-off' })
  }

  async #reset(signal: AbortSignal): Promise<void> {
    const life = await abortable(this.#life(), signal)
    const special = this.#parts.firstBootIsSpecial && this.#state.kind === 'running' && this.#state.firstBoot
    if (!special) return void (await life.machine.qmp.execute('system_reset', {}, { signal }))
    const either = AbortSignal.any([signal, this.#destroyed.signal])
    await this.#begin(false, either, async () => await life.cut('reset'))
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
