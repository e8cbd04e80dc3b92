// A QMP connection (QEMU QMP protocol specification): greeting, capabilities, commands matched by id, events. It never
// hangs: each call has a time limit, and a lost connection rejects every pending call at once.

import { EventEmitter, on } from 'node:events'
import type { Duplex } from 'node:stream'
import { createInterface } from 'node:readline'
import { withDeadline } from '../harness/deadline.ts'
import { InfraError } from '../harness/errors.ts'
import type { QmpCommands, QmpEvent } from './qmp-commands.ts'

/** QEMU refused a command. `qmpClass` is QEMU's error class, e.g. `GenericError`. */
export class QmpError extends Error {
  override readonly name = 'QmpError'
  readonly code = 'qmp-command-failed'
  readonly command: string
  readonly qmpClass: string
  constructor(command: string, qmpClass: string, description: string) {
    super(`QEMU refused ${command}: ${description} (${qmpClass})`)
    this.command = command
    this.qmpClass = qmpClass
  }
}

export interface QmpCallOptions {
  readonly signal?: AbortSignal | undefined
  /** Default 30 s. */
  readonly timeoutMs?: number
}

export interface NegotiateOptions extends QmpCallOptions {
  /** Called for each event from the very first on. */
  readonly onEvent?: (event: QmpEvent) => void
}

interface Pending {
  readonly command: string
  readonly resolve: (value: unknown) => void
  readonly reject: (reason: unknown) => void
}

type Message =
  | { readonly kind: 'greeting'; readonly version: string }
  | { readonly kind: 'event'; readonly event: QmpEvent }
  | { readonly kind: 'return'; readonly id: number | undefined; readonly value: unknown }
  | {
      readonly kind: 'error'
      readonly id: number | undefined
      readonly qmpClass: string
      readonly description: string
    }
  | { readonly kind: 'unknown' }

/** One negotiated QMP connection over a connected socket. */
export class QmpConnection implements Disposable {
  readonly #socket: Duplex
  readonly #pending = new Map<number, Pending>()
  readonly #emitter = new EventEmitter()
  readonly #greeting = Promise.withResolvers<string>()
  #nextId = 1
  #lost: Error | undefined

  private constructor(socket: Duplex) {
    this.#socket = socket
    this.#emitter.setMaxListeners(0)
    // Handled here in case nobody waits for it any more.
    this.#greeting.promise.catch(() => undefined)
    const lines = createInterface({ input: socket, crlfDelay: Infinity })
    lines.on('line', (line) => this.#receive(line))
    // readline passes the socket's errors on, and an unheard error event would end the process.
    lines.on('error', () => undefined)
    const onLost = (error?: Error): void => this.#lose(error)
    socket.on('error', onLost)
    socket.on('close', () => onLost())
    socket.on('end', () => onLost())
  }

  /** Waits for QEMU's greeting and negotiates. Rejects with InfraError when the connection is lost before. */
  static async negotiate(socket: Duplex, options: NegotiateOptions = {}): Promise<QmpConnection> {
    const connection = new QmpConnection(socket)
    if (options.onEvent !== undefined) connection.subscribe(options.onEvent)
    const { signal, timeoutMs = 30_000 } = options
    await withDeadline({ phase: 'the QMP greeting of QEMU', timeoutMs, signal }, async () => {
      await connection.#greeting.promise
    })
    await connection.execute('qmp_capabilities', {}, options)
    return connection
  }

  /** QEMU's version from the greeting, `10.0.2`. */
  get version(): Promise<string> {
    return this.#greeting.promise
  }

  /** Runs one command. Rejects with QmpError (refused), InfraError (connection lost) or TimeoutError. */
  async execute<Name extends keyof QmpCommands>(
    command: Name,
    args: QmpCommands[Name]['arguments'],
    options: QmpCallOptions = {},
  ): Promise<QmpCommands[Name]['return']> {
    if (this.#lost !== undefined) throw this.#lost
    const { signal, timeoutMs = 30_000 } = options
    signal?.throwIfAborted()
    const id = this.#nextId++
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#pending.set(id, { command, resolve, reject })
    try {
      const answer = withDeadline(
        { phase: `QEMU to answer ${command}`, timeoutMs, signal },
        async () => promise,
      )
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`)
      return (await answer) as QmpCommands[Name]['return']
    } finally {
      this.#pending.delete(id)
    }
  }

  /** Calls `onEvent` for each event from now on, until the returned function is called. */
  subscribe(onEvent: (event: QmpEvent) => void): () => void {
    this.#emitter.on('event', onEvent)
    return () => this.#emitter.off('event', onEvent)
  }

  /** Events from now on; ends when the connection is lost, throws the signal's reason when it aborts. */
  async *events(signal?: AbortSignal): AsyncGenerator<QmpEvent, void, undefined> {
    if (this.#lost !== undefined) return
    const options = { close: ['lost'], ...(signal === undefined ? {} : { signal }) }
    try {
      for await (const [event] of on(this.#emitter, 'event', options)) yield event as QmpEvent
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : error
    }
  }

  [Symbol.dispose](): void {
    this.#lose()
    this.#socket.destroy()
  }

  #receive(line: string): void {
    const message = parseMessage(line)
    switch (message.kind) {
      case 'greeting':
        return this.#greeting.resolve(message.version)
      case 'event':
        this.#emitter.emit('event', message.event)
        return
      case 'return':
        return this.#take(message.id)?.resolve(message.value)
      case 'error': {
        const pending = this.#take(message.id)
        return pending?.reject(new QmpError(pending.command, message.qmpClass, message.description))
      }
      case 'unknown':
        return
      default:
        return message satisfies never
    }
  }

  #take(id: number | undefined): Pending | undefined {
    return id === undefined ? undefined : this.#pending.get(id)
  }

  #lose(cause?: Error): void {
    if (this.#lost !== undefined) return
    this.#lost = new InfraError('the connection to QEMU was lost', {
      code: 'qmp-lost',
      hint: 'QEMU ended or was killed; see its messages and the console',
      ...(cause === undefined ? {} : { cause }),
    })
    this.#greeting.reject(this.#lost)
    for (const { reject } of this.#pending.values()) reject(this.#lost)
    this.#pending.clear()
    this.#emitter.emit('lost')
  }
}

function parseMessage(line: string): Message {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    return { kind: 'unknown' }
  }
  if (!isObject(parsed)) return { kind: 'unknown' }
  const id = typeof parsed['id'] === 'number' ? parsed['id'] : undefined
  if (isObject(parsed['QMP'])) return { kind: 'greeting', version: versionOf(parsed['QMP']) }
  if (typeof parsed['event'] === 'string') {
    const event = { event: parsed['event'], data: parsed['data'], atMs: timeOf(parsed['timestamp']) }
    return { kind: 'event', event }
  }
  if ('return' in parsed) return { kind: 'return', id, value: parsed['return'] }
  if (isObject(parsed['error'])) {
    const { class: qmpClass, desc } = parsed['error']
    return { kind: 'error', id, qmpClass: String(qmpClass), description: String(desc) }
  }
  return { kind: 'unknown' }
}

function versionOf(greeting: Readonly<Record<string, unknown>>): string {
  const version = greeting['version']
  const qemu = isObject(version) ? version['qemu'] : undefined
  return isObject(qemu) ? [qemu['major'], qemu['minor'], qemu['micro']].map(String).join('.') : 'unknown'
}

function timeOf(timestamp: unknown): number {
  if (!isObject(timestamp)) return 0
  return Number(timestamp['seconds']) * 1000 + Math.floor(Number(timestamp['microseconds']) / 1000)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
