// What the debugging flags of a run mean together, and what they need. Wrong ones are refused before anything boots.

import { openDebugging, type Debugging, type OnFailure } from '../debugging/debugging.ts'
import { nameOf } from '../debugging/machine-name.ts'
import { openTerminal, requireTerminal, whyNoTerminal, type TerminalFacts } from '../debugging/terminal.ts'
import { UsageError } from '../errors.ts'
import type { ListReporter } from '../../reports/index.ts'
import { colors } from './colors.ts'
import type { Interruption } from './interrupt.ts'
import type { DebugFlags } from './option-table.ts'

/** The flags of one run, resolved. */
export interface DebugPlan {
  readonly onFailure: OnFailure
  readonly saveLimitMiB: number | undefined
  readonly console: boolean
  /** `--debug`: one job, no timeouts, no retries, the SSH lines said. */
  readonly oneJob: boolean
  readonly terminal: TerminalFacts
}

/** Throws UsageError for flags that contradict each other, and for a shell where nobody can type. */
export function readDebugFlags(
  { onFailure: asked, keep, saveFailed, saveLimit, debug, console }: DebugFlags,
  terminal: TerminalFacts,
): DebugPlan {
  if (keep && asked !== undefined && asked !== 'keep') {
    throw new UsageError(`--keep and --on-failure ${asked} contradict each other`, {
      code: 'keep-and-other',
      hint: 'leave out one of them; SIGNALBOX_ON_FAILURE counts too',
    })
  }
  const onFailure = keep ? 'keep' : asked
  if (onFailure === 'shell') requireTerminal('--on-failure shell', openTerminal(terminal, noOne))
  const shellOfDebug = debug && whyNoTerminal(terminal) === undefined
  return {
    onFailure: onFailure ?? (shellOfDebug ? 'shell' : 'nothing'),
    saveLimitMiB: saveFailed ? saveLimit : undefined,
    console: console || debug,
    oneJob: debug,
    terminal,
  }
}

const noOne = () => () => undefined

/** The run's debugging on its own screen; whoever has the terminal silences it, and gets Ctrl-C for himself. */
export function startDebugging(plan: DebugPlan, screen: ListReporter, interrupts: Interruption): Debugging {
  return openDebugging({
    onFailure: plan.onFailure,
    saveLimitMiB: plan.saveLimitMiB,
    console: plan.console,
    announce: plan.oneJob,
    print: (lines) => screen.print(lines),
    dim: colors.dim,
    terminal: openTerminal(plan.terminal, () => {
      screen.pause()
      const muted = interrupts.mute()
      return () => {
        muted[Symbol.dispose]()
        screen.resume()
      }
    }),
  })
}

/** What is said at the end of a run about machines that go on, or can. */
export function leftLines({ kept, saved }: Pick<Debugging, 'kept' | 'saved'>): readonly string[] {
  const [first] = kept
  const attempts = new Set(saved.map((name) => nameOf({ ...name, machine: '' }).slice(0, -1)))
  return [
    ...(first === undefined
      ? []
      : [
          '',
          'Kept running:',
          ...kept.map((name) => `  signalbox ssh ${nameOf(name)}`),
          `End them: signalbox ssh --end ${first.run}`,
        ]),
    ...(attempts.size === 0
      ? []
      : ['', 'Saved as they failed:', ...[...attempts].map((name) => `  signalbox resume ${name}`)]),
  ]
}
