// `signalbox ssh`: into a machine that was kept running after its test failed, or ends it.

import { reapMachine } from '../../../qemu/index.ts'
import { enterWithoutSsh, runSsh, whySshIsDead } from '../../debugging/enter.ts'
import { listKept, type KeptMachine } from '../../debugging/kept-machines.ts'
import { findByName, findOneByName, nameOf } from '../../debugging/machine-name.ts'
import { openTerminal, requireTerminal } from '../../debugging/terminal.ts'
import { sshLine } from '../../ssh/command-line.ts'
import { connectToKept, targetOf } from '../kept-lines.ts'
import { listenForInterrupts } from '../interrupt.ts'

interface SshFlags {
  readonly end: boolean
  readonly list: boolean
  readonly json: boolean
}

const words = {
  what: 'kept machines',
  hint: 'signalbox run --keep keeps the machines of failed tests; signalbox resume starts saved ones',
} as const

/** The action of `ssh [machine] [command...]`. */
export async function ssh(
  received: Readonly<Record<string, unknown>>,
  positional: readonly unknown[],
): Promise<number> {
  const flags = received as unknown as SshFlags
  const [wanted, command = []] = positional as readonly [string | undefined, (readonly string[])?]
  const all = listKept()
  if (flags.list) return list(all, flags.json)
  if (flags.end) return await end(findByName(wanted, all, words), flags.json)
  return await enterKept(findOneByName(wanted, all, words), command)
}

function list(all: readonly KeptMachine[], json: boolean): number {
  if (json) process.stdout.write(`${JSON.stringify(all.map(rowOf), undefined, 2)}\n`)
  else if (all.length === 0) process.stdout.write(`there are no ${words.what}\n`)
  else for (const kept of all) process.stdout.write(`${nameOf(kept)}  ${rowOf(kept).ssh.join(' ')}\n`)
  return 0
}

function rowOf(kept: KeptMachine) {
  const { run, test, attempt, machine, pid, console } = kept
  return {
    name: nameOf(kept),
    run,
    test,
    attempt,
    machine,
    pid,
    console,
    ssh: sshLine(kept.key, kept.user, kept),
  }
}

async function end(chosen: readonly KeptMachine[], json: boolean): Promise<number> {
  for (const { id } of chosen) await reapMachine(id)
  if (json) process.stdout.write(`${JSON.stringify(chosen.map(rowOf), undefined, 2)}\n`)
  else
    for (const kept of chosen) process.stdout.write(`ended ${nameOf(kept)}; its console: ${kept.console}\n`)
  return 0
}

async function enterKept(kept: KeptMachine, command: readonly string[]): Promise<number> {
  using interrupts = listenForInterrupts()
  const { signal } = interrupts
  const target = await targetOf(kept)
  const dead = await whySshIsDead(target, signal)
  using muted = interrupts.mute()
  void muted
  if (dead === undefined) return await runSsh(target, command, signal)
  requireTerminal(
    `SSH does not answer (${dead}); another way into ${nameOf(kept)}`,
    openTerminal({ stdin: process.stdin, stdout: process.stdout, env: process.env }, () => () => undefined),
  )
  await using lines = await connectToKept(kept)
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  say(`its console so far: ${kept.console}`)
  return await enterWithoutSsh({ ...target, ...lines }, dead, { signal, say })
}
