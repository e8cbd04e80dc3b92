// Brings a ready machine to rest before it is saved: no jobs, no connection of ours, everything on disk, nothing much
// running, and the functions in place with which a clone becomes a machine of its own.

import type { Agent } from '../agent/agent.ts'
import { InfraError, messageOf } from '../errors.ts'
import { oneLine } from '../hostile-text.ts'
import { identityFunctions } from './identity.ts'

export interface SettleOptions {
  readonly agent: Agent
  /** Waits for a line of the machine's journal, where it comes over a side channel; false when it never came. */
  readonly journalHas: (text: string, timeoutMs: number) => Promise<boolean>
  /** Ends the harness's own connection to the machine. */
  readonly disconnect: () => Promise<void>
  /** It meets no clone of another template's making: what it is to its cluster may stay as it is. */
  readonly isolated: boolean
  /** For all of it, wall milliseconds. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Ready to be saved, with the types of its SSH host keys; or why it is not. */
export type Settled =
  | { readonly kind: 'settled'; readonly hostKeyTypes: readonly string[]; readonly bootId: string }
  /** `lasting`: it would be the same the next time. */
  | { readonly kind: 'unsettled'; readonly reason: string; readonly lasting: boolean }

/** How long a machine may take to become quiet, at the most: a restless one is saved all the same. */
const QUIET_MS = 900

/** Written to the journal when the machine has settled: once it is here, so is all that was logged before. */
const SETTLED = 'signalbox: this machine has settled'

// The list is asked for again and again, as there is no event for "no job"; jobs of a booted system are few and short.
const WAIT_FOR_JOBS = [
  'for ((n = 0; n < $tries; n++)); do o=$(systemctl list-jobs --plain --no-legend --no-pager 2>&1); test -z "$o" && break; nap 0.2; done',
].join('\n')

const LOOK = [
  'refusal',
  'read -r boot </proc/sys/kernel/random/boot_id',
  'keys=; for f in /etc/ssh/ssh_host_*_key; do test -e "$f" || continue; k=${f#/etc/ssh/ssh_host_}; keys="$keys ${k%_key}"; done',
  'o="$boot|$keys|$o"',
].join('\n')

const WAIT_FOR_OUR_END = [
  'for ((n = 0; n < 100; n++)); do left=',
  'for f in /proc/[0-9]*/comm; do read -r name 2>/dev/null <"$f" && case "$name" in sshd-session | sshd-auth) left=1;; esac; done',
  'test -z "$left" && break; nap 0.05; done',
  `echo '<6>${SETTLED}' >/dev/kmsg; journalctl --sync; sync`,
].join('\n')

// The share of idle time in /proc/stat (proc(5)), over a fifth of a second each time.
const WAIT_FOR_QUIET = [
  'for ((n = 0; n < $windows; n++)); do read -r _ u1 n1 s1 i1 w1 _ </proc/stat; nap 0.2; read -r _ u2 n2 s2 i2 w2 _ </proc/stat',
  'busy=$((u2 - u1 + n2 - n1 + s2 - s1)); idle=$((i2 - i1 + w2 - w1)); test $((busy * 9)) -le $idle && break; done; true',
].join('\n')

/** Settles a machine. Throws when aborted, or as `unsettle` does: else whatever goes wrong is a reason to boot instead. */
export async function settle(options: SettleOptions): Promise<Settled> {
  const { agent, disconnect, isolated, journalHas, timeoutMs, signal } = options
  const budget = (title: string): { title: string; timeoutMs: number; signal: AbortSignal } => ({
    title,
    timeoutMs,
    signal,
  })
  const unsettled = (reason: string, lasting: boolean): Settled => ({ kind: 'unsettled', reason, lasting })
  let settling = false
  try {
    await agent.tell(identityFunctions(), budget('the agent in the guest'))
    const jobs = await agent.ask(`tries=${Math.ceil(timeoutMs / 250)}\n${WAIT_FOR_JOBS}`, {
      ...budget('systemd to have no jobs'),
      timeoutMs: timeoutMs * 2,
    })
    if (jobs.output !== '') return unsettled(`it never comes to rest: ${oneLine(jobs.output, 200)}`, true)
    const look = await agent.tell(LOOK, budget('a look at the machine'))
    const [bootId = '', keys = '', refusal = ''] = look.split('|')
    if (refusal.trim() !== '' && !isolated)
      return unsettled(`its clones would share ${oneLine(refusal, 200)}`, true)
    await disconnect()
    settling = true
    await agent.tell(`settle\n${WAIT_FOR_OUR_END}`, budget('the machine to settle'))
    // What the copy of the journal is behind, every clone would have to copy by itself.
    await journalHas(SETTLED, timeoutMs)
    await agent.tell(
      `windows=${(QUIET_MS / 200) | 0}\n${WAIT_FOR_QUIET}`,
      budget('the machine to become quiet'),
    )
    return {
      kind: 'settled',
      bootId,
      hostKeyTypes: keys.split(' ').filter((type) => /^[a-z0-9]+$/.test(type)),
    }
  } catch (error) {
    signal.throwIfAborted()
    if (settling) await unsettle({ agent, timeoutMs, signal })
    return unsettled(messageOf(error), false)
  }
}

/** Sets a machine going again that is used as it is. Throws InfraError where that fails: it is no booted machine any more. */
export async function unsettle(
  options: Pick<SettleOptions, 'agent' | 'timeoutMs' | 'signal'>,
): Promise<void> {
  const { agent, ...rest } = options
  try {
    await agent.tell('unsettle', { title: 'the machine to go on', ...rest })
  } catch (cause) {
    rest.signal.throwIfAborted()
    throw new InfraError(`a machine that was to be saved did not go on: ${messageOf(cause)}`, {
      code: 'template-not-saved',
      cause,
    })
  }
}
