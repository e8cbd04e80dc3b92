// What is kept of an attempt: after a failure the state of systemd and the kernel log, over SSH or, where that is silent, over
// the control line, which also tells why; always the logs that the machines wrote themselves.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { LiveMachine } from '../machines/live-machine.ts'
import type { CommandOutcome } from '../ssh/index.ts'
import { announce, attachTo } from '../running/attachments.ts'
import type { AttemptContext } from '../running/context.ts'
import { blameHost, explain, type MachineTime, type SilentMachine } from './explain.ts'

interface Item {
  readonly name: string
  readonly command: string
  readonly sudo?: boolean
}

const evidence: readonly Item[] = [
  { name: 'failed-units.txt', command: 'systemctl --failed --no-pager; systemctl list-jobs --no-pager' },
  { name: 'dmesg.txt', command: 'dmesg | tail -n 500', sudo: true },
  { name: 'system.txt', command: 'uptime; free -m; df -h; ip -br addr; ss -lntup' },
]

// A machine with a side channel for its journal has written that already.
const JOURNAL: Item = {
  name: 'journal-tail.txt',
  command: 'journalctl --boot --no-pager --lines=1000',
}

// The kernel prints who waits for it and what its CPUs do.
const TASKS: Item = {
  name: 'blocked-tasks.txt',
  command: 'for what in w l; do echo $what > /proc/sysrq-trigger; done; dmesg | tail -n 300',
}

/** For one of these commands, on a host with KVM. */
const ITEM_MS = 4000

/** Asks every machine that still answers; one that does not is passed over. Failures that this explains are explained. */
export async function collectAfterFailure(
  context: AttemptContext,
  machines: readonly LiveMachine[],
): Promise<void> {
  // Before anybody asks the machines for more.
  const times = machines.flatMap((live): readonly MachineTime[] => {
    const time = live.cpuTime()
    return time === undefined ? [] : [{ name: live.machine.name, ...time }]
  })
  const silent: SilentMachine[] = []
  await Promise.all(
    machines.map(async (live) => {
      const reached = await live.reach(context.signal)
      if (reached.kind === 'gone') return
      const { name } = live.machine
      if (reached.kind !== 'ssh') silent.push({ name, diagnosis: reached.diagnosis })
      if (reached.kind === 'silent') return
      await collectFrom(context, live, reached.kind)
    }),
  )
  silent.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
  for (const [index, failure] of context.failures.entries())
    context.failures[index] = blameHost(explain(failure, silent), times)
}

// One command may hang in the guest, as sudo does where nobody reads its log: then the agent is asked, which is root already, and
// for what it is that hangs.
async function collectFrom(
  context: AttemptContext,
  { machine, hasJournalChannel }: LiveMachine,
  over: 'ssh' | 'control',
): Promise<void> {
  const { signal } = context
  const timeoutMs = ITEM_MS * machine.slowness
  const overSsh = async ({ command, sudo = false }: Item): Promise<CommandOutcome> =>
    await machine.exec(command, { sudo, timeoutMs, signal })
  const overControl = async ({ command }: Item): Promise<CommandOutcome> =>
    await machine.control.exec(command, { timeoutMs, signal })
  const attach = async ({ name }: Item, { stdout }: CommandOutcome): Promise<string> =>
    await attachTo(context, `${machine.name}-${name}`, stdout, { machine: machine.id })
  let hangs = false
  for (const item of over === 'control' && !hasJournalChannel ? [...evidence, JOURNAL] : evidence) {
    let outcome = over === 'ssh' ? await unlessItFails(overSsh(item), signal) : undefined
    hangs ||= over === 'ssh' && outcome === undefined
    outcome ??= await unlessItFails(overControl(item), signal)
    if (outcome === undefined) return
    await attach(item, outcome)
  }
  const tasks = hangs ? await unlessItFails(overControl(TASKS), signal) : undefined
  if (tasks !== undefined) await attach(TASKS, tasks)
}

async function unlessItFails<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await work
  } catch {
    signal.throwIfAborted()
    return undefined
  }
}

/** Announces the files that the machines of this attempt wrote. Those of a shared boot belong to its first attempt. */
export async function announceLogs(context: AttemptContext, machines: readonly LiveMachine[]): Promise<void> {
  for (const { machine, folder } of machines) {
    for (const name of ['console.txt', 'journal.txt', 'journal.jsonl', 'ignition.json']) {
      const path = join(folder, name)
      if (existsSync(path)) await announce(context, name, path, { machine: machine.id })
    }
  }
}
