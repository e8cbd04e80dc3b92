// `run --watch`: runs the selection, then again what saved files reach, for as long as a person wants. Every run is a process
// of its own with this command line: it loads all files anew, and templates stay warm on the host.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join, relative } from 'node:path'
import { whyNoTerminal, type TerminalFacts } from '../../debugging/terminal.ts'
import { UsageError } from '../../errors.ts'
import type { Verdict } from '../../model.ts'
import { colors } from '../colors.ts'
import { WISH_VARIABLE, type Told, type Wish } from './iteration.ts'
import { nextKey, type Key } from './keys.ts'
import { openFileWatch, type FileWatch } from './watch-files.ts'

const bin = join(import.meta.dirname, '..', `bin${import.meta.filename.endsWith('.ts') ? '.ts' : '.js'}`)
const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** Throws UsageError where nobody sits, and for what cannot be watched. */
export function requireWatchable(flags: { readonly json?: unknown }, facts: TerminalFacts): void {
  const why = whyNoTerminal(facts)
  if (why !== undefined) {
    throw new UsageError(`--watch needs a terminal: ${why}`, {
      code: 'no-terminal',
      hint: 'leave out --watch where nobody sits',
    })
  }
  if (flags.json === true)
    throw new UsageError('--watch and --json contradict each other', { code: 'watch-and-json' })
}

/** Runs until somebody ends it. `args` is the whole command line. */
export async function watchAndRun(args: readonly string[]): Promise<number> {
  using files = openFileWatch((message) => process.stderr.write(`warning: ${message}\n`))
  using stop = listenForStop()
  const verdicts = new Map<string, Verdict>()
  // Files that changed and that no run has loaded since.
  let pending: readonly string[] = []
  let wish: Wish = {}
  for (;;) {
    const { exitCode, whole } = await runOnce(args, wish, { files, stop, verdicts })
    if (stop.signal.aborted || exitCode === 130) return 130
    // It did not come so far as to load anything: a wrong command line.
    if (files.size === 0) return exitCode
    if (whole) pending = []
    const failed = [...verdicts].filter(([, verdict]) => verdict !== 'passed' && verdict !== 'skipped')
    const next = await waitForWish(files, stop.signal)
    switch (next.kind) {
      case 'changed':
        pending = [...new Set([...pending, ...next.files])]
        say(`\nchanged: ${next.files.map((file) => relative(process.cwd(), file)).join(', ')}`)
        wish = { changed: pending }
        break
      case 'again':
        say('')
        break
      case 'all':
        say('\nall')
        wish = {}
        break
      case 'failed':
        say(failed.length === 0 ? '\nnothing has failed: all' : `\n${failed.length} that failed`)
        wish = failed.length === 0 ? {} : { only: failed.map(([name]) => name) }
        break
      case 'quit':
        return 0
      case 'interrupt':
        return 130
      default:
        next satisfies never
    }
  }
}

type Next = { readonly kind: Key } | { readonly kind: 'changed'; readonly files: readonly string[] }

async function waitForWish(files: FileWatch, stop: AbortSignal): Promise<Next> {
  const bar = '\u00B7'
  say(
    colors.dim(
      `\nwatching ${files.size} files ${bar} enter: again ${bar} a: all ${bar} f: what failed ${bar} q: quit`,
    ),
  )
  const decided = new AbortController()
  const signal = AbortSignal.any([decided.signal, stop])
  const key = nextKey(process.stdin, signal).then((kind): Next => ({ kind }))
  const change = files.next(signal).then((changed): Next => ({ kind: 'changed', files: changed }))
  try {
    return await Promise.race([key, change])
  } catch (error) {
    if (stop.aborted) return { kind: 'interrupt' }
    throw error
  } finally {
    decided.abort(new Error('decided'))
    // The terminal is given back before anything else happens.
    await Promise.allSettled([key, change])
  }
}

interface Around {
  readonly files: FileWatch
  readonly stop: Stop
  readonly verdicts: Map<string, Verdict>
}

async function runOnce(
  args: readonly string[],
  wish: Wish,
  { files, stop, verdicts }: Around,
): Promise<{ readonly exitCode: number; readonly whole: boolean }> {
  const child = spawn(process.execPath, [...process.execArgv, bin, ...args], {
    env: { ...process.env, [WISH_VARIABLE]: JSON.stringify(wish) },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  let whole = false
  child.on('message', (message) => {
    const told = message as Told
    if (told.kind === 'loaded') {
      whole = told.whole
      files.watch(told)
    } else for (const [test, verdict] of told.verdicts) verdicts.set(test, verdict)
  })
  using running = stop.during(child)
  void running
  // Not `close`, which does not come after we have closed the channel; what was told last comes before its end.
  const [exitCode] = (await once(child, 'exit')) as [number | null]
  if (child.connected) await once(child, 'disconnect')
  return { exitCode: exitCode ?? 3, whole }
}

interface Stop extends Disposable {
  readonly signal: AbortSignal
  /** A run that is ended, too. */
  during(child: ChildProcess): Disposable
}

// Ctrl-C reaches the run by itself, another signal may not: it ends when its channel to us closes.
function listenForStop(): Stop {
  const controller = new AbortController()
  let running: ChildProcess | undefined
  const onSignal = (): void => {
    controller.abort(new Error('interrupted'))
    if (running?.connected === true) running.disconnect()
  }
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of names) process.on(name, onSignal)
  return {
    signal: controller.signal,
    during(child) {
      running = child
      return { [Symbol.dispose]: () => (running = undefined) }
    },
    [Symbol.dispose]() {
      for (const name of names) process.off(name, onSignal)
    },
  }
}
