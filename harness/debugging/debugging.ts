// What happens to machines for people, beside testing: their consoles shown live, how to reach them said, a failed one
// entered, kept or saved before its attempt's teardown. A person's time is on no budget.

import { join } from 'node:path'
import { messageOf } from '../errors.ts'
import type { AttemptRef, Emit } from '../events.ts'
import { oneLine } from '../hostile-text.ts'
import type { PlatformMachine, SavedMachines } from '../machine.ts'
import type { LiveMachine } from '../machines/live-machine.ts'
import type { Failure, Image, Outcome } from '../model.ts'
import { sshLine } from '../ssh/command-line.ts'
import { currentAttempt } from '../running/context.ts'
import { nameOf, type MachineName } from './machine-name.ts'
import { showConsole } from './console-lines.ts'
import { enter } from './enter.ts'
import { openSaving } from './save-failed.ts'
import type { ShellTarget } from './shell-target.ts'
import { requireTerminal, type Terminal } from './terminal.ts'

export type OnFailure = 'nothing' | 'shell' | 'keep'

export interface DebugOptions {
  readonly onFailure: OnFailure
  /** Save failed machines, all of a run in so many MiB; undefined: save none. */
  readonly saveLimitMiB: number | undefined
  /** Show every machine's serial console. */
  readonly console: boolean
  /** Say how to reach each machine when it is ready. */
  readonly announce: boolean
  readonly terminal: Terminal
  /** Shows lines above whatever is redrawn. They must be safe to print. */
  readonly print: (lines: readonly string[]) => void
  /** Marks what is said beside a machine's own words. */
  readonly dim: (text: string) => string
}

/** An attempt after its checks, its machines still there. */
export interface EndedAttempt {
  readonly run: string
  readonly ref: AttemptRef
  readonly outcome: Outcome
  readonly failures: readonly Failure[]
  readonly machines: readonly LiveMachine[]
  /** Absolute, of the attempt's artefacts. */
  readonly folder: string
  /** What saved machines need to be brought up again. */
  readonly platform: string
  readonly image: Image
  readonly saves: SavedMachines | undefined
  readonly emit: Emit
  /** Of the run. */
  readonly signal: AbortSignal
}

export interface Debugging {
  readonly onFailure: OnFailure
  /** Something is done with the machines of failed attempts before they are used or destroyed. */
  readonly wantsFailed: boolean
  /** Machines that were kept so far. */
  readonly kept: readonly MachineName[]
  /** Machines that were saved so far. */
  readonly saved: readonly MachineName[]
  /** Told of each machine as soon as there is one. */
  onMachine(raw: PlatformMachine): void
  /** Told when a machine of these attempts has become ready. */
  onReady(target: ShellTarget, attempts: readonly AttemptRef[]): Promise<void>
  /** Enters, keeps or saves the machines of a failed attempt. Never throws. */
  afterAttempt(ended: EndedAttempt): Promise<void>
  /** Opens a person's session in a machine, for a running test. Throws UsageError (`no-terminal`). */
  shell(target: ShellTarget): Promise<void>
}

/** Nobody watches: machines of commands that run no tests. */
export const withoutDebugging: Debugging = openDebugging({
  onFailure: 'nothing',
  saveLimitMiB: undefined,
  console: false,
  announce: false,
  terminal: { kind: 'none', why: 'this command gives it to nobody' },
  print: () => undefined,
  dim: (text) => text,
})

export function openDebugging(options: DebugOptions): Debugging {
  const { onFailure, terminal, print, saveLimitMiB } = options
  const kept: MachineName[] = []
  const saving = saveLimitMiB === undefined ? undefined : openSaving(saveLimitMiB)
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  const session = async (
    target: ShellTarget,
    intro: readonly string[],
    signal: AbortSignal,
  ): Promise<void> => {
    const from = requireTerminal('a shell', terminal)
    using taken = await from.take(signal)
    void taken
    for (const line of ['', ...intro]) say(line)
    await enter(target, { signal, say })
    say(`\r[left ${target.name}; the run goes on]`)
  }
  const shellAfter = async ({ ref, failures, machines, signal }: EndedAttempt): Promise<void> => {
    const first = failures.find(({ machine }) => machine !== undefined)?.machine
    const live = machines.find(({ machine }) => machine.name === first) ?? machines[0]
    if (live === undefined) return
    const others = machines.filter((each) => each !== live).map(({ machine }) => machine.name)
    await session(
      live.shellTarget,
      [
        `[${ref.test} failed: ${oneLine(failures[0]?.message ?? 'no reason given', 300)}]`,
        `[${live.machine.name} is as the test left it; leave this shell to go on with the run]`,
        ...(others.length === 0 ? [] : [`[its other machines wait too: ${others.join(', ')}]`]),
      ],
      signal,
    )
  }
  const keep = async (live: LiveMachine, { run, ref, emit, signal }: EndedAttempt): Promise<void> => {
    const { user, sshKey, endpoint, slowness } = live.shellTarget
    if (sshKey.path === undefined) throw new Error('the SSH key could not be kept')
    const { name: machine } = live.machine
    const { test, n: attempt } = ref
    const { host, port } = await endpoint(AbortSignal.any([signal, AbortSignal.timeout(5000)]))
    const at = { run, test, attempt, machine }
    const console = join(live.folder, 'console.txt')
    const notes = { kept: 1, ...at, host, port, user, key: sshKey.path, slowness, console }
    await live.keep(notes, signal)
    kept.push(at)
    const message = `${machine} of ${test} is kept running: signalbox ssh ${nameOf(at)}`
    emit({ type: 'run.notice', level: 'info', code: 'machine-kept', message })
  }
  const guarded = async (
    { ref, emit, signal }: EndedAttempt,
    what: string,
    work: () => Promise<void>,
  ): Promise<void> => {
    try {
      await work()
    } catch (error) {
      if (signal.aborted) return
      const message = `${ref.test}: ${what}: ${messageOf(error)}`
      emit({ type: 'run.notice', level: 'warning', code: 'debugging-failed', message })
    }
  }
  return {
    onFailure,
    wantsFailed: onFailure !== 'nothing' || saving !== undefined,
    kept,
    saved: saving?.saved ?? [],
    onMachine(raw) {
      if (options.console) showConsole(raw, print, options.dim)
    },
    async onReady({ name, user, sshKey, endpoint }, [first]) {
      if (!options.announce) return
      const at = await endpoint(AbortSignal.timeout(5000)).catch(() => undefined)
      const of = first === undefined ? '' : ` of ${first.test}`
      // A key in memory has no file that a person could name.
      if (at === undefined || sshKey.path === undefined) return
      print([`  ${name}${of} is ready: ${sshLine(sshKey.path, user, at).join(' ')}`])
    },
    async afterAttempt(ended) {
      const { outcome, signal } = ended
      if (outcome === 'passed' || outcome === 'skipped' || signal.aborted) return
      // First: a person in a shell changes what was.
      await saving?.save(ended)
      switch (onFailure) {
        case 'nothing':
          return
        case 'keep':
          for (const live of ended.machines)
            await guarded(ended, `${live.machine.name} is not kept`, async () => await keep(live, ended))
          return
        case 'shell':
          return await guarded(ended, 'no shell', async () => await shellAfter(ended))
        default:
          onFailure satisfies never
      }
    },
    async shell(target) {
      requireTerminal('machine.shell()', terminal)
      const attempt = currentAttempt()
      using hold = attempt?.holdDeadline()
      void hold
      const test = attempt === undefined ? '' : ` of ${attempt.ref.test}`
      const intro = [`[${target.name}${test}: the test waits until you leave this shell]`]
      const startedAt = performance.now()
      try {
        await session(target, intro, attempt?.signal ?? new AbortController().signal)
      } finally {
        if (attempt !== undefined) attempt.counter.heldMs += performance.now() - startedAt
      }
    },
  }
}
