// The few commands that a fake machine understands: what the harness itself asks, and the `fake` command, by which a
// test makes its machine misbehave.

import type { Architecture, MachineOrigin } from '../../harness/model.ts'
import type { SshTrouble } from './behaviour.ts'
import { followRunner, runnerScript, setUpRunner } from './external-runner.ts'
import { lookFromInside } from './look-from-inside.ts'
import { serveManager } from './manager.ts'
import { stateOf } from './state.ts'
import { runSyncProgram, type CallsPort } from './sync-program.ts'

/** What the shell may do to its machine. */
export interface FakeGuest {
  readonly calls: CallsPort
  readonly files: Map<string, string>
  readonly failedUnits: Set<string>
  readonly osReleaseId: string
  readonly architecture: Architecture
  readonly origin: MachineOrigin
  bootId(): string
  machineId(): string
  print(line: string): void
  /** Has PID 1 write a line of the journal. */
  log(message: string): void
  /** Microseconds of its monotonic clock. */
  clockUs(): number
  /** Ends the machine: its own doing or the platform's. */
  end(blame: 'image' | 'platform', reason: string): void
  reboot(): void
  /** Whether the machine at that place of its private network answers. */
  ping(index: number): Promise<boolean>
  sshTrouble(): SshTrouble
  /** Has SSH answer no more, or again. */
  setSshTrouble(trouble: SshTrouble, when: 'now' | 'at-boot'): void
  /** Kills the agent, which starts anew. */
  killAgent(): void
  /** Damages what a clone was forked from. */
  damageTemplate(): void
  /** Ends the agent. */
  stopAgent(): void
}

export interface ShellIo {
  readonly stdin: () => Promise<string>
  /** Calls for what of the input has come and is still to come. */
  readonly onInput: (onChunk: (chunk: Buffer) => void) => void
  readonly out: (text: string | Buffer) => void
  readonly err: (text: string) => void
  readonly closed: Promise<void>
}

/** Runs one command line and returns its exit status. */
export async function runFakeCommand(guest: FakeGuest, wire: string, io: ShellIo): Promise<number> {
  const words = splitWords(wire)
  // Over the control line nobody needs it.
  if (words[0] === 'sudo' && guest.files.has('/fake/sudo-hangs')) {
    await io.closed
    return 1
  }
  const plain = words[0] === 'sudo' ? words.slice(words.indexOf('--') + 1) : words
  const script = plain[0] === 'sh' && plain[1] === '-c' ? (plain[2] ?? '') : undefined
  if ((script ?? wire).includes('is-system-running')) return look(guest, io)
  if ((script ?? wire).includes('ip -brief address; echo')) {
    io.out(lookFromInside(guest.sshTrouble(), [...guest.failedUnits]))
    return 0
  }
  if ((script ?? wire).includes('journalctl') && wire.includes('--follow')) {
    await io.closed
    return 0
  }
  const state = stateOf(script ?? '', guest.failedUnits)
  if (state !== undefined) {
    io.out(state)
    return 0
  }
  const runner = runnerScript(script ?? '')
  if (runner === 'set-up') return await setUpRunner(guest, io)
  if (runner === 'follow')
    return await followRunner(guest, io, async (line) => await runFakeCommand(guest, line, io))
  return await runWords(guest, script === undefined ? plain : splitWords(script), io)
}

function look(guest: FakeGuest, io: ShellIo): number {
  const units = [...guest.failedUnits]
  const state = units.length === 0 ? 'running' : 'degraded'
  const failed = units.map((unit) => `${unit} loaded failed failed ${unit}\n`).join('')
  const mark = '--signalbox--\n'
  io.out(
    `${state}\n${mark}ID=${guest.osReleaseId}\nVERSION_ID=1.0.0\n${mark}${failed}${mark}${guest.bootId()}\n`,
  )
  return 0
}

async function runWords(guest: FakeGuest, words: readonly string[], io: ShellIo): Promise<number> {
  const [name = '', ...args] = words
  switch (name) {
    case 'true':
      return 0
    case 'false':
      return 1
    case 'exit':
      return Number(args[0] ?? 0)
    case 'stdin':
      io.out(await io.stdin())
      return 0
    case 'echo':
      io.out(`${args.join(' ')}\n`)
      return 0
    case 'cat': {
      const path = args.findLast((arg) => !arg.startsWith('-')) ?? ''
      const content = ownFile(guest, path) ?? guest.files.get(path)
      if (content === undefined) io.err(`cat: ${path}: No such file or directory\n`)
      else io.out(content)
      return content === undefined ? 1 : 0
    }
    case 'sleep':
      await sleepUntil(Number(args[0] ?? 0) * 1000, io.closed)
      return 0
    case 'systemctl':
      if (args.includes('reboot')) guest.reboot()
      if (args[0] === 'reset-failed') for (const unit of args.slice(1)) guest.failedUnits.delete(unit)
      if (args.includes('--property=NFailedUnits')) io.out(`${guest.failedUnits.size}\n`)
      if (args[0] === 'list-units')
        io.out([...guest.failedUnits].map((unit) => `${unit} loaded failed failed\n`).join(''))
      return args[0] === 'is-active' && guest.failedUnits.has(args[1] ?? '') ? 3 : 0
    case 'systemd-stdio-bridge':
      return await serveManager(guest, io)
    case 'journalctl':
      io.out('[    1.000000] fake systemd[1]: Startup finished.\n')
      return 0
    case 'uname':
      io.out(`${guest.architecture === 'arm64' ? 'aarch64' : guest.architecture}\n`)
      return 0
    case 'uptime':
    case 'dmesg':
      return 0
    case 'signalbox-sync':
      return await runSyncProgram(guest.calls, args, io)
    case 'fake':
      return await misbehave(guest, args, io)
    default:
      io.err(`sh: ${name}: not found\n`)
      return 127
  }
}

function ownFile(guest: FakeGuest, path: string): string | undefined {
  if (path === '/proc/sys/kernel/random/boot_id') return `${guest.bootId()}\n`
  return path === '/etc/machine-id' ? `${guest.machineId()}\n` : undefined
}

async function misbehave(
  guest: FakeGuest,
  [what = '', ...args]: readonly string[],
  io: ShellIo,
): Promise<number> {
  switch (what) {
    case 'ping':
      return (await guest.ping(Number(args[0]?.slice(1)))) ? 0 : 1
    case 'console':
      guest.print(args.join(' '))
      return 0
    case 'fail-unit':
      guest.failedUnits.add(args[0] ?? 'broken.service')
      guest.log(`${args[0] ?? 'broken.service'}: Failed with result 'exit-code'.`)
      return 0
    case 'log':
      guest.log(args.join(' '))
      return 0
    case 'write':
      guest.files.set(args[0] ?? '', args.slice(1).join(' '))
      return 0
    case 'origin':
      io.out(`${guest.origin}\n`)
      return 0
    case 'lose-ssh':
      guest.setSshTrouble((args[0] ?? 'sshd-failed') as SshTrouble, args[1] === 'at-boot' ? 'at-boot' : 'now')
      return 0
    case 'kill-agent':
      guest.killAgent()
      return 0
    case 'damage-template':
      guest.damageTemplate()
      return 0
    case 'stop-agent':
      guest.stopAgent()
      return 0
    case 'poweroff':
      guest.end('image', 'it powered itself off')
      return 0
    case 'die':
      guest.end('platform', 'the emulator was killed by SIGKILL')
      return 0
    case 'panic':
      guest.print('Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b')
      return 0
    case 'flood': {
      const line = `${'x'.repeat(1023)}\n`
      for (let sent = 0; sent < Number(args[0] ?? 0); sent += line.length) io.out(line)
      return 0
    }
    default:
      io.err(`fake: what is ${what}?\n`)
      return 2
  }
}

// POSIX-like splitting of what the harness quotes: words, single quotes, and the end of the first simple command.
function splitWords(line: string): readonly string[] {
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at] ?? ''
    if (char === "'") {
      const end = line.indexOf("'", at + 1)
      word = (word ?? '') + line.slice(at + 1, end < 0 ? undefined : end)
      at = end < 0 ? line.length : end
    } else if (char === '\\') {
      at += 1
      word = (word ?? '') + (line[at] ?? '')
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (char === ';' && word === undefined) break
    else word = (word ?? '') + char
  }
  if (word !== undefined) words.push(word)
  return words
}

async function sleepUntil(ms: number, ended: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  await Promise.race([promise, ended])
  clearTimeout(timer)
}
