// Waits for the line of the journal that the runner has PID 1 write when a test has ended (see `RUNNER`). PID 1 writes all its
// lines to one socket, which journald reads in order: what it said of units that failed during the test came before.

import type { Machine } from '../fixtures/fixtures.ts'
import { insidesOf } from '../machines/insides.ts'

/** The journal is behind an output of more than this, and for longer than it takes to ask systemd. */
const MOST_OUTPUT_BYTES = 64 * 1024
/** For a host with KVM; to wait longer costs more than to ask systemd. */
const WAIT_MS = 100

/** The fence that was waited for in vain. */
const missed = new WeakMap<Machine, string>()

/** The name of the runner's process when it sends its signal: 15 bytes are the most (proc(5), /proc/pid/comm). */
export function fenceName(nonce: string): string {
  return nonce.slice(nonce.indexOf('-') + 1)
}

/** Whether the journal came as far as the end of a test within a moment; where not, systemd must be asked. */
export async function seesFence(machine: Machine, nonce: string, outputBytes: number): Promise<boolean> {
  if (outputBytes > MOST_OUTPUT_BYTES || !insidesOf(machine).hasJournalChannel()) return false
  const before = missed.get(machine)
  // As long as the journal is that far behind, or systemd logs no signals, every test would wait in vain.
  if (before !== undefined && !machine.journal.lines().some((line) => isFence(line, before))) return false
  missed.delete(machine)
  const line = await machine.journal
    .waitFor(`(${fenceName(nonce)})`, { timeoutMs: WAIT_MS })
    .catch(() => undefined)
  if (line !== undefined && isFence(line, nonce)) return true
  missed.set(machine, nonce)
  return false
}

// A line that PID 1 had to bring to the kernel's log instead has no process id, and may have overtaken others.
function isFence(line: string, nonce: string): boolean {
  return line.startsWith('systemd[1]: Received SIG') && line.includes(`(${fenceName(nonce)})`)
}
