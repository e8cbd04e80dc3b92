// What is kept of an attempt: after a failure the state of systemd and the kernel log; always the logs that the
// machines wrote themselves.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { LiveMachine } from '../machines/live-machine.ts'
import { announce, attachTo } from '../running/attachments.ts'
import type { AttemptContext } from '../running/context.ts'

const evidence = [
  { name: 'failed-units.txt', command: 'systemctl --failed --no-pager; systemctl list-jobs --no-pager' },
  { name: 'dmesg.txt', command: 'dmesg | tail -n 500', sudo: true },
  { name: 'system.txt', command: 'uptime; free -m; df -h; ip -br addr; ss -lntup' },
] as const

/** Asks every machine that still answers; one that does not is passed over. */
export async function collectAfterFailure(
  context: AttemptContext,
  machines: readonly LiveMachine[],
): Promise<void> {
  for (const live of machines) {
    if (!live.isReachable()) continue
    const { machine } = live
    for (const item of evidence) {
      try {
        const sudo = 'sudo' in item
        const { stdout } = await machine.exec(item.command, { sudo, signal: context.signal })
        await attachTo(context, `${machine.name}-${item.name}`, stdout, { machine: machine.id })
      } catch {
        context.signal.throwIfAborted()
        break
      }
    }
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
