// `signalbox resume`: brings the machines of a failed attempt up again as --save-failed saved them, and opens a session in
// one, or leaves them running.

import { resolve } from 'node:path'
import { loadPlatform } from '../../../platforms/index.ts'
import { enterWithoutSsh, runSsh, whySshIsDead } from '../../debugging/enter.ts'
import { chooseSaved, listSaved, type SavedPlace } from '../../debugging/find-saved.ts'
import { listKept } from '../../debugging/kept-machines.ts'
import { nameOf } from '../../debugging/machine-name.ts'
import { resumeMachines, type ResumedMachine } from '../../debugging/resume-machines.ts'
import { readSaved, requireWholeSaved, type SavedRecord } from '../../debugging/saved-record.ts'
import { openScratchFolder, type ScratchFolder } from '../../debugging/scratch-folder.ts'
import { openTerminal, requireTerminal } from '../../debugging/terminal.ts'
import { UsageError } from '../../errors.ts'
import { sshLine } from '../../ssh/command-line.ts'
import { listenForInterrupts } from '../interrupt.ts'
import { printNotices } from '../machine-environment.ts'

interface ResumeFlags {
  readonly attempt?: number
  readonly detach: boolean
  readonly output: string
}

const warn = (message: string): void => void process.stderr.write(`warning: ${message}\n`)
// Not on standard output: that is the command's own.
const say = (line: string): void => void process.stderr.write(`${line}\n`)

/** The action of `resume [machine] [command...]`. */
export async function resume(
  received: Readonly<Record<string, unknown>>,
  positional: readonly unknown[],
): Promise<number> {
  const flags = received as unknown as ResumeFlags
  const [wanted, command = []] = positional as readonly [string | undefined, (readonly string[])?]
  if (flags.detach && command.length > 0)
    throw new UsageError('--detach runs no command', { code: 'detach-and-command', hint: 'leave out one' })
  const { entered, all } = chooseSaved(wanted, await listSaved(resolve(flags.output)), flags.attempt)
  using interrupts = listenForInterrupts()
  const { signal } = interrupts
  const saved = await Promise.all(
    all.map(async ({ folder }) => ({ folder, record: await readSaved(folder) })),
  )
  await Promise.all(saved.map(async ({ folder, record }) => await requireWholeSaved(folder, record, signal)))
  const [{ record: first } = { record: undefined }] = saved
  if (first === undefined) throw new Error('nothing was chosen')
  missingOnes(first, all)

  const platform = await loadPlatform(first.platform)
  await using stack = new AsyncDisposableStack()
  const scratch = stack.use(await openScratchFolder())
  const session = stack.use(await platform.open({ image: first.image, emit: printNotices, signal }))
  if (flags.detach && !session.capabilities.has('keep')) {
    throw new UsageError(`the platform ${platform.name} cannot leave machines running`, { code: 'no-keep' })
  }
  const resumed = stack.use(
    await resumeMachines({
      session,
      saved,
      folder: scratch.path,
      keepable: flags.detach,
      signal,
      warn,
    }),
  )
  const chosen = resumed.machines.find(({ record }) => record.machine === entered.machine)
  if (chosen === undefined) throw new Error('the chosen machine is not among them')
  await introduce(resumed.machines, chosen, signal)
  if (flags.detach) {
    await leaveRunning(resumed.machines, scratch, signal)
    stack.move()
    // Connections to machines that stay would keep this process alive.
    process.exit(0)
  }
  say('what you change is gone when you leave; what was saved stays as it is')
  const dead = await whySshIsDead(chosen.target, signal)
  using muted = interrupts.mute()
  void muted
  if (dead === undefined) return await runSsh(chosen.target, command, signal)
  requireTerminal(
    `SSH does not answer (${dead}); another way into ${nameOf(entered)}`,
    openTerminal({ stdin: process.stdin, stdout: process.stdout, env: process.env }, () => () => undefined),
  )
  return await enterWithoutSsh(chosen.target, dead, { signal, say })
}

function missingOnes({ together, test }: SavedRecord, all: readonly SavedPlace[]): void {
  const there = new Set(all.map(({ machine }) => machine))
  const gone = together.filter((machine) => !there.has(machine))
  if (gone.length > 0) warn(`${gone.join(', ')} of ${test} was saved with them and is gone`)
}

async function introduce(
  machines: readonly ResumedMachine[],
  chosen: ResumedMachine,
  signal: AbortSignal,
): Promise<void> {
  const { record } = chosen
  say(`${nameOf(record)} runs again as it was saved at ${record.savedAt}; its clock was set`)
  for (const { raw, record: each, target } of machines) {
    const line = sshLine(each.key, target.user, await raw.ssh(signal)).join(' ')
    say(`  ${each.machine}: ${line}`)
  }
}

// As if a run had kept them, under a name of their own: the same may be resumed many times.
async function leaveRunning(
  machines: readonly ResumedMachine[],
  scratch: ScratchFolder,
  signal: AbortSignal,
): Promise<void> {
  const suffix = scratch.path.slice(-8)
  for (const { raw, record, target } of machines) {
    const { run, test, attempt, machine, user, key } = record
    const { host, port } = await raw.ssh(signal)
    const at = { run: `${run}.resumed-${suffix}`, test, attempt, machine }
    const console = `${scratch.path}/${machine}/console.txt`
    if (raw.keep === undefined) throw new Error('the platform keeps machines, but not this one')
    await raw.keep({ kept: 1, ...at, host, port, user, key, slowness: target.slowness, console }, signal)
    process.stdout.write(`signalbox ssh ${nameOf(at)}\n`)
  }
  const [owner] = listKept().filter(({ run }) => run.endsWith(suffix))
  if (owner !== undefined) scratch.handOver(owner.pid)
  const [first] = machines
  if (first?.record.saved.spec.privateIndex !== undefined)
    warn('their private network ends with this command: it is only there without --detach')
  say(`end them: signalbox ssh --end ${first?.record.run ?? ''}.resumed-${suffix}, or signalbox gc --all`)
}
