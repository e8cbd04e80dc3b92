// A person's session in a machine: by the ssh program while SSH answers; else over the agent's line, which needs no
// network; else on the serial console. The caller has the terminal.

import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { codeOf, messageOf, UsageError } from '../errors.ts'
import { oneLine } from '../hostile-text.ts'
import { dieWithParent } from '../process.ts'
import { connectSsh } from '../ssh/index.ts'
import { sshLine } from '../ssh/command-line.ts'
import { agentShell } from './agent-shell.ts'
import { serialSession } from './serial-session.ts'
import type { ShellTarget } from './shell-target.ts'

/** How long SSH and the agent have to answer, before slowness. */
const PROBE_MS = 4_000

export interface EnterOptions {
  readonly signal: AbortSignal
  /** Says things on the terminal, a line each. */
  readonly say: (line: string) => void
}

/** Opens a session and waits until it is left. Returns its exit status; 255 where no way leads into the machine. */
export async function enter(target: ShellTarget, options: EnterOptions): Promise<number> {
  const dead = await whySshIsDead(target, options.signal)
  if (dead === undefined) return await runSsh(target, [], options.signal)
  return await enterWithoutSsh(target, dead, options)
}

/** The same when SSH is known to be dead, and why. */
export async function enterWithoutSsh(
  { name, control, serial, slowness }: ShellTarget,
  dead: string,
  options: EnterOptions,
): Promise<number> {
  const { signal, say } = options
  say(`SSH does not answer (${oneLine(dead, 200)})`)
  const timeoutMs = PROBE_MS * slowness
  if (control !== undefined) {
    try {
      await control.exec('true', { timeoutMs, signal })
      say('here is the line to the agent instead: each line runs as root, in a shell of its own')
      await agentShell(name, control, options)
      return 0
    } catch (error) {
      signal.throwIfAborted()
      say(`the agent in it does not answer either (${oneLine(messageOf(error), 200)})`)
    }
  }
  if (serial === undefined) {
    say(`no way leads into ${name}`)
    return 255
  }
  say('here is its serial console instead; Ctrl-] leaves it')
  await serialSession(serial, signal)
  return 0
}

/** Connects as the ssh program would; undefined: that works. */
export async function whySshIsDead(target: ShellTarget, signal: AbortSignal): Promise<string | undefined> {
  const timeoutMs = PROBE_MS * target.slowness
  const either = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  try {
    await using connection = await connectSsh({
      endpoint: await target.endpoint(either),
      user: target.user,
      privateKey: target.sshKey.privateKey,
      password: target.password,
      signal: either,
      bannerTimeoutMs: timeoutMs,
      handshakeTimeoutMs: timeoutMs,
    })
    void connection
    return undefined
  } catch (error) {
    signal.throwIfAborted()
    return either.aborted ? `no answer in ${Math.round(timeoutMs / 1000)} s` : messageOf(error)
  }
}

/** Runs the ssh program on our terminal; without a command it opens a shell. Its exit status is returned. */
export async function runSsh(
  target: Pick<ShellTarget, 'endpoint' | 'user' | 'sshKey'>,
  command: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  await using stack = new AsyncDisposableStack()
  const key = await keyFile(target.sshKey, stack)
  const line = [...sshLine(key, target.user, await target.endpoint(signal)), ...command]
  return await onOurTerminal(line, signal)
}

/** Runs a program with our standard streams. It ends with us, by a signal that lets it give the terminal back. */
export async function onOurTerminal(line: readonly string[], signal: AbortSignal): Promise<number> {
  const [program = 'ssh', ...args] = line
  const [file, ...rest] = dieWithParent(program, args, 'TERM')
  const child = spawn(file, rest, { stdio: 'inherit' })
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const stop = (): void => void child.kill('SIGTERM')
  signal.addEventListener('abort', stop, { once: true })
  child.once('error', (error) =>
    reject(
      new UsageError(`the program ${program} cannot be started: ${codeOf(error) ?? 'unknown error'}`, {
        code: 'no-ssh-program',
        hint: 'apt-get install openssh-client',
      }),
    ),
  )
  child.once('exit', (status) => resolve(status ?? 255))
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

// A key that could not be kept in the cache lives in memory only; the ssh program needs a file.
async function keyFile(
  { path, privateKey }: ShellTarget['sshKey'],
  stack: AsyncDisposableStack,
): Promise<string> {
  if (path !== undefined) return path
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-key-'))
  stack.defer(async () => await rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'id_ed25519')
  await writeFile(file, privateKey, { mode: 0o600 })
  return file
}
