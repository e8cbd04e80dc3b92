// Runs one command on a machine over an open connection. Output is kept in bounded memory whatever the guest sends;
// a deadline or an abort ends the remote command as well as SSH allows.

import type { Readable } from 'node:stream'
import type { ClientChannel } from 'ssh2'
import { abortable, startDeadline } from '../deadline.ts'
import { messageOf } from '../errors.ts'
import { oneLine } from '../hostile-text.ts'
import { connectionLost, type SshConnection } from './connection.ts'
import { endRemote, newMarker } from './end-remote.ts'
import { orThrow, type CommandOutcome } from './outcome.ts'
import { remoteCommand, showCommand, type Command } from './quote.ts'
import { TailBuffer } from './tail-buffer.ts'

/** Gets output as it comes. A returned promise holds the guest back until it settles. */
export type OnChunk = (chunk: Buffer) => void | Promise<void>

export interface ExecOptions {
  /** Sent to the command, then end of file. Without it the command reads end of file at once. */
  readonly stdin?: string | Uint8Array | Readable | undefined
  /** From the call to the end of the command; default 120 s. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Run as root through `sudo -n`. */
  readonly sudo?: boolean | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Kept per stream, the last part; default 1 MiB. */
  readonly maxOutputBytes?: number | undefined
  readonly onStdout?: OnChunk | undefined
  readonly onStderr?: OnChunk | undefined
  /** Shown for the command in errors and events, when the command itself would say less. */
  readonly title?: string | undefined
  /** Told once what the command came to, as far as is known, also when the call throws; with its start. */
  readonly onFinished?: ((outcome: CommandOutcome, startedAtMs: number) => void) | undefined
}

const DEFAULT_TIMEOUT_MS = 120_000
const DEFAULT_MAX_OUTPUT = 1024 * 1024

/**
 * Runs a command and returns what it came to, success or not. A string is read by the user's login shell, an array
 * is run as it is. Throws TimeoutError (naming the command and its last line), the signal's reason, or MachineError
 * `ssh-connection-lost`.
 */
export async function exec(
  connection: SshConnection,
  command: Command,
  options: ExecOptions = {},
): Promise<CommandOutcome> {
  const started = performance.now()
  const shown = options.title ?? showCommand(command)
  const marker = options.sudo === true ? newMarker() : undefined
  const wire = remoteCommand(command, { sudo: options.sudo, env: options.env, marker })
  const limit = options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT
  const stdout = new TailBuffer(limit)
  const stderr = new TailBuffer(limit)
  using deadline = startDeadline({
    phase: `the command "${oneLine(shown, 200)}"`,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    signal: options.signal,
    lastSeen: () => lastLine(stderr) || lastLine(stdout) || 'no output',
  })
  let ended: Status = { kind: 'lost' }
  const outcome = (): CommandOutcome => ({
    command: shown,
    exitCode: ended.kind === 'ended' ? ended.exitCode : null,
    ...(ended.kind === 'lost' || ended.signal === undefined ? {} : { signal: ended.signal }),
    stdout: withoutFinalNewline(stdout.text()),
    stderr: withoutFinalNewline(stderr.text()),
    stdoutBytes: stdout.total,
    stderrBytes: stderr.total,
    truncated: stdout.dropped > 0 || stderr.dropped > 0,
    durationMs: performance.now() - started,
  })
  try {
    ended = await connection.withSession(wire, deadline.signal, async (channel) => {
      try {
        return await abortable(converse(connection, channel, options, { stdout, stderr }), deadline.signal)
      } catch (error) {
        await endRemote(connection, channel, marker)
        throw error
      }
    })
    if (ended.kind === 'lost') throw connectionLost(await connection.closed)
    return outcome()
  } finally {
    options.onFinished?.(outcome(), started)
  }
}

/** As `exec`, but a command that fails throws CommandError. */
export async function run(
  connection: SshConnection,
  command: Command,
  options: ExecOptions = {},
): Promise<CommandOutcome> {
  return orThrow(await exec(connection, command, options))
}

type Status =
  | { readonly kind: 'ended'; readonly exitCode: number | null; readonly signal?: string }
  | { readonly kind: 'lost' }

/** Feeds and listens to one channel until it is closed. */
async function converse(
  connection: SshConnection,
  channel: ClientChannel,
  { stdin, onStdout, onStderr }: ExecOptions,
  tails: { readonly stdout: TailBuffer; readonly stderr: TailBuffer },
): Promise<Status> {
  const { promise, resolve, reject } = Promise.withResolvers<Status>()
  let status: { exitCode: number | null; signal?: string } | undefined
  channel.on('exit', (code: number | null, signal?: string) => {
    status = { exitCode: code, ...(signal === undefined ? {} : { signal: signal.replace(/^SIG/, '') }) }
  })
  channel.on('error', reject)
  channel.on('close', () => {
    if (status !== undefined) resolve({ kind: 'ended', ...status })
    else resolve(connection.isOpen ? { kind: 'ended', exitCode: null } : { kind: 'lost' })
  })
  consume(channel, tails.stdout, onStdout, reject)
  consume(channel.stderr, tails.stderr, onStderr, reject)
  send(channel, stdin, reject)
  return await promise
}

function consume(
  stream: Readable,
  tail: TailBuffer,
  onChunk: OnChunk | undefined,
  fail: (error: unknown) => void,
): void {
  stream.on('data', (chunk: Buffer) => {
    tail.push(chunk)
    if (onChunk === undefined) return
    try {
      const wait = onChunk(chunk)
      if (wait === undefined) return
      stream.pause()
      wait.then(() => stream.resume(), fail)
    } catch (error) {
      fail(error)
    }
  })
}

function send(channel: ClientChannel, stdin: ExecOptions['stdin'], fail: (error: unknown) => void): void {
  if (stdin === undefined || typeof stdin === 'string' || stdin instanceof Uint8Array) {
    channel.end(stdin)
    return
  }
  stdin.on('error', (error) =>
    fail(new Error(`cannot read the input to send: ${messageOf(error)}`, { cause: error })),
  )
  channel.on('close', () => stdin.destroy())
  stdin.pipe(channel)
}

function lastLine(tail: TailBuffer): string {
  const line = tail.bytes().subarray(-2048).toString('utf8').trimEnd().split('\n').at(-1) ?? ''
  return oneLine(line)
}

function withoutFinalNewline(text: string): string {
  if (!text.endsWith('\n')) return text
  return text.slice(0, text.endsWith('\r\n') ? -2 : -1)
}
