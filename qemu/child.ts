// A long-lived child process (QEMU, swtpm): tied to this process's life unless it is to be handed over, in its own session so that a terminal's
// Ctrl-C does not reach it, its messages kept up to a limit, and its end a promise that never rejects.

import { spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { InfraError } from '../harness/errors.ts'
import { dieWithParent } from '../harness/process.ts'

export interface ChildEnd {
  /** `undefined` when a signal ended it. */
  readonly exitCode: number | undefined
  readonly signal: NodeJS.Signals | undefined
  /** The last 8 KiB of its standard output and error. */
  readonly messages: string
}

export interface Child {
  readonly pid: number
  /** Sockets that the child inherited as descriptors 3, 4, ...; our ends. */
  readonly sockets: readonly Duplex[]
  readonly ended: Promise<ChildEnd>
  messages(): string
  kill(): void
}

const MESSAGES_LIMIT = 8192

export interface ChildOptions {
  /** How many sockets it inherits. Default 0. */
  readonly sockets?: number
  /** Lets it outlive us: only for what is handed over to a person. */
  readonly detach?: boolean
}

/** Starts a program. Rejects with InfraError when it cannot be started at all. */
export async function startChild(
  file: string,
  args: readonly string[],
  options: ChildOptions = {},
): Promise<Child> {
  const [program, ...rest] = options.detach === true ? [file, ...args] : dieWithParent(file, args)
  const sockets = Array.from({ length: options.sockets ?? 0 }, () => 'pipe' as const)
  const child = spawn(program, rest, { detached: true, stdio: ['ignore', 'pipe', 'pipe', ...sockets] })
  const { promise: ended, resolve } = Promise.withResolvers<ChildEnd>()
  let messages = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8')
    stream?.on('data', (text: string) => {
      messages = (messages + text).slice(-MESSAGES_LIMIT)
    })
  }
  child.on('close', (code, signal) => {
    resolve({ exitCode: code ?? undefined, signal: signal ?? undefined, messages })
  })
  await new Promise<void>((started, failed) => {
    child.once('spawn', started)
    child.once('error', (cause) => {
      failed(
        new InfraError(`cannot start ${program}: ${cause.message}`, {
          code: 'program-missing',
          hint: `apt-get install ${program === 'setpriv' ? 'util-linux' : 'qemu-system-x86 swtpm'}`,
          cause,
        }),
      )
    })
  })
  child.on('error', () => undefined)
  const ours = child.stdio.slice(3) as Duplex[]
  // A killed child resets its sockets; whoever reads them sees their end, and an unheard error would end us.
  for (const socket of ours) socket.on('error', () => undefined)
  return {
    pid: child.pid ?? 0,
    sockets: ours,
    ended,
    messages: () => messages,
    kill: () => child.kill('SIGKILL'),
  }
}
