// A machine's SSH for as long as the machine lives: connects when a command needs it, comes back after a drop, and
// notices by the kernel's boot id whether the machine was rebooted behind our back.

import { abortable } from '../deadline.ts'
import { MachineError, codeOf } from '../errors.ts'
import { oneLine } from '../hostile-text.ts'
import type { EndpointSource, SshConnection } from './connection.ts'
import { exec, type ExecOptions } from './exec.ts'
import { orThrow, type CommandOutcome } from './outcome.ts'
import type { Command } from './quote.ts'
import { rebootMachine, type RebootOptions, type Rebooted } from './reboot.ts'
import {
  download,
  downloadTo,
  upload,
  type DownloadOptions,
  type UploadOptions,
  type UploadSource,
} from './transfer.ts'
import { waitForSsh, type WaitForSshOptions } from './wait-ready.ts'

export interface SessionOptions {
  readonly endpoint: EndpointSource
  readonly user: string
  readonly privateKey: string
  readonly password?: string | undefined
  /** A host key that is known already; else the first one seen is pinned. */
  readonly hostKey?: string | undefined
  /** Told of every command when it ends, also of one that timed out; `startedAtMs` is of `performance.now()`. */
  readonly onCommand?: ((outcome: CommandOutcome, startedAtMs: number) => void) | undefined
  /** The machine's last console line, for timeouts. */
  readonly lastSeen?: (() => string | undefined) | undefined
  /** See `waitForSsh`. */
  readonly hints?: WaitForSshOptions['hints']
  /** The machine's name, for messages. */
  readonly machine?: string
  /** How long a command waits for a dropped connection to come back; default 60 s. */
  readonly reconnectTimeoutMs?: number | undefined
  /** Where the kernel tells its boot id. */
  readonly bootIdPath?: string | undefined
}

export interface FirstConnect {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** sshd is known to listen already (a fork): see `waitForSsh`. */
  readonly listening?: boolean | undefined
  /** The boot that will be found, where that is certain (a fork): saves asking for it. */
  readonly bootId?: string | undefined
  /** Pinned once connected, whatever key this connection shows: a clone's sshd may still have its template's. */
  readonly nextHostKey?: string | undefined
}

/** Disposing closes the connection and ends everything that still waits. */
export class SshSession implements AsyncDisposable {
  readonly #options: SessionOptions
  readonly #ended = new AbortController()
  /** Commands that ended with one of these need no explanation, for which there would have to be a new connection. */
  readonly #givenUp = new WeakSet<SshConnection>()
  #connection: SshConnection | undefined
  #connecting: Promise<SshConnection> | undefined
  /** To the boot that a function is to end: its commands still go there. */
  #leaving: SshConnection | undefined
  #hostKey: string | undefined
  #bootId: string | undefined

  constructor(options: SessionOptions) {
    this.#options = options
    this.#hostKey = options.hostKey
  }

  /** The kernel's id of the boot that the last connection found. */
  get bootId(): string | undefined {
    return this.#bootId
  }

  /** The pinned host key, once there was a connection. */
  get hostKey(): string | undefined {
    return this.#hostKey
  }

  /** Waits for SSH the first time. Throws as `waitForSsh` does. */
  async connect(first: FirstConnect): Promise<void> {
    await this.#connect(first)
  }

  /** Whether the machine answers over SSH within so many milliseconds. Throws only the signal's reason. */
  async answers(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    try {
      await this.#readBootId(await this.#open(limit), limit, timeoutMs)
      return true
    } catch {
      signal.throwIfAborted()
      return false
    }
  }

  /** Runs a command, connecting first where needed; see `exec` of exec.ts. A failed command is a value. */
  async exec(command: Command, options: ExecOptions = {}): Promise<CommandOutcome> {
    const connection = await this.#open(options.signal)
    try {
      return await exec(connection, command, {
        ...options,
        onFinished: (outcome, startedAtMs) => {
          options.onFinished?.(outcome, startedAtMs)
          this.#options.onCommand?.(outcome, startedAtMs)
        },
      })
    } catch (error) {
      const isLost =
        codeOf(error) === 'ssh-connection-lost' &&
        !this.#givenUp.has(connection) &&
        connection !== this.#leaving
      if (isLost) await this.#explainLoss(options.signal)
      throw error
    }
  }

  /** As `exec`, but a command that fails throws CommandError. */
  async run(command: Command, options: ExecOptions = {}): Promise<CommandOutcome> {
    return orThrow(await this.exec(command, options))
  }

  async upload(source: UploadSource, remotePath: string, options: UploadOptions = {}): Promise<void> {
    await upload(async (...call) => this.exec(...call), source, remotePath, options)
  }

  async download(remotePath: string, options: DownloadOptions = {}): Promise<Buffer> {
    return await download(async (...call) => this.exec(...call), remotePath, options)
  }

  async downloadTo(remotePath: string, localPath: string, options: DownloadOptions = {}): Promise<number> {
    return await downloadTo(async (...call) => this.exec(...call), remotePath, localPath, options)
  }

  /**
   * Reboots the machine and waits until another boot of it answers. Commands of others wait meanwhile; those of the function that
   * takes the reboot's place, and while that runs those of others, go to the old boot as long as it is there. Throws TimeoutError
   * naming the phase, or MachineError `reboot-refused`.
   */
  async reboot(options: RebootOptions): Promise<Rebooted> {
    const signal = this.#combine(options.signal)
    const before = await this.#open(signal)
    const bootId = this.#bootId ?? ''
    if (typeof options.how === 'function') this.#leaving = before
    const rebooting = rebootMachine(before, bootId, {
      ...options,
      signal,
      lastSeen: this.#options.lastSeen,
      onCommand: this.#options.onCommand,
      readBootId: async (connection, timeoutMs) => this.#readBootId(connection, signal, timeoutMs),
      connect: async (wait) => waitForSsh({ ...this.#target(), ...wait }),
    })
    this.#connection = undefined
    await this.#adopt(
      rebooting.then((rebooted) => {
        this.#bootId = rebooted.bootId
        return rebooted.connection
      }),
    )
    const { bootId: next, asked, durationMs } = await rebooting
    await abortable(asked, signal)
    return { bootId: next, durationMs }
  }

  /** Before a power cycle from outside: drops the connection; the next one may find any boot of the machine. */
  forgetBoot(): void {
    this.#connection?.destroy('the machine is being power-cycled')
    this.#connection = undefined
    this.#bootId = undefined
  }

  /** Gives the connection up; the next command makes a new one and expects the same boot of the machine. */
  async disconnect(reason: string): Promise<void> {
    const connection = this.#connection
    this.#connection = undefined
    if (connection === undefined) return
    this.#givenUp.add(connection)
    connection.destroy(reason)
    await connection.closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new Error('the SSH session was closed'))
    this.#connecting?.catch(() => undefined)
    await this.#connection?.[Symbol.asyncDispose]()
  }

  /** A lost connection says little: when the machine answers again and was rebooted, that is the error to give. */
  async #explainLoss(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#open(signal)
    } catch (error) {
      const code = codeOf(error)
      if (code === 'unexpected-reboot' || code === 'ssh-host-key-changed') throw error
    }
  }

  async #open(signal: AbortSignal | undefined): Promise<SshConnection> {
    this.#ended.signal.throwIfAborted()
    signal?.throwIfAborted()
    if (this.#leaving?.isOpen === true) return this.#leaving
    if (this.#connecting === undefined && this.#connection?.isOpen === true) return this.#connection
    const timeoutMs = this.#options.reconnectTimeoutMs ?? 60_000
    return await this.#connect({ timeoutMs, signal, listening: this.#bootId !== undefined })
  }

  /** All who need a connection at once share one try; its life is the session's, not that of the first caller. */
  async #connect(first: FirstConnect): Promise<SshConnection> {
    if (this.#connecting === undefined) {
      // Whoever waits below gets the error; nobody waiting is no reason to end the process.
      this.#adopt(this.#dial(first), first.nextHostKey).catch(() => undefined)
    }
    const connecting = this.#connecting ?? Promise.reject(new Error('no connection is being made'))
    return await abortable(connecting, this.#combine(first.signal))
  }

  /** Makes `work` what everybody waits for, and its result the connection. */
  async #adopt(work: Promise<SshConnection>, nextHostKey?: string): Promise<void> {
    this.#connecting = work
    try {
      this.#connection = await work
      this.#hostKey = nextHostKey ?? this.#hostKey ?? this.#connection.hostKey
      if (this.#ended.signal.aborted) this.#connection.destroy()
    } finally {
      this.#connecting = undefined
    }
  }

  async #dial(first: FirstConnect): Promise<SshConnection> {
    const signal = this.#ended.signal
    const connection = await waitForSsh({
      ...this.#target(),
      signal,
      timeoutMs: first.timeoutMs,
      listening: first.listening,
      lastSeen: this.#options.lastSeen,
      phase: this.#phase(this.#bootId === undefined ? '' : ' to come back'),
    })
    const before = this.#bootId
    this.#bootId = first.bootId ?? (await this.#readBootId(connection, signal, 60_000))
    if (before !== undefined && before !== this.#bootId) {
      // The connection is kept, so that the evidence can be fetched with it.
      this.#connection = connection
      throw unexpectedReboot(before, this.#bootId, this.#options.lastSeen?.())
    }
    return connection
  }

  async #readBootId(connection: SshConnection, signal: AbortSignal, timeoutMs: number): Promise<string> {
    const path = this.#options.bootIdPath ?? '/proc/sys/kernel/random/boot_id'
    const outcome = orThrow(
      await exec(connection, ['cat', path], { signal, timeoutMs, maxOutputBytes: 1024 }),
    )
    return oneLine(outcome.stdout, 100)
  }

  #target(): Pick<SessionOptions, 'endpoint' | 'user' | 'privateKey' | 'password' | 'hostKey' | 'hints'> {
    const { endpoint, user, privateKey, password, hints } = this.#options
    return { endpoint, user, privateKey, password, hostKey: this.#hostKey, hints }
  }

  #combine(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#ended.signal : AbortSignal.any([signal, this.#ended.signal])
  }

  #phase(rest: string): string {
    const { machine } = this.#options
    return `SSH${machine === undefined ? '' : ` of ${machine}`}${rest}`
  }
}

function unexpectedReboot(before: string, now: string, lastSeen: string | undefined): MachineError {
  const seen = lastSeen === undefined ? '' : `; last console line: ${oneLine(lastSeen)}`
  return new MachineError(`the machine rebooted by itself (boot id ${before}, now ${now})${seen}`, {
    code: 'unexpected-reboot',
    hint: "look for a panic or a watchdog in the machine's console, before its second boot",
  })
}
