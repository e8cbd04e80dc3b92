// Ctrl-C: once stops the run, cleans up and writes the reports; twice ends at once. Machines die with this process in
// any case; what stays on disk is named.

import { runtimeFolder } from '../folders.ts'
import { interruption } from '../run-ends.ts'

export interface Interruption extends Disposable {
  readonly signal: AbortSignal
  /** Passes over Ctrl-C until disposed: it is meant for the program that has the terminal. */
  mute(): Disposable
}

/** Listens for SIGINT, SIGTERM and SIGHUP until disposed. */
export function listenForInterrupts(): Interruption {
  const controller = new AbortController()
  let mutes = 0
  const onSignal = (name: NodeJS.Signals): void => {
    if (name === 'SIGINT' && mutes > 0) return
    if (controller.signal.aborted) {
      process.stderr.write(
        `\n${name} again: ending at once. "signalbox gc" removes what is left in ${runtimeFolder()}\n`,
      )
      process.exit(130)
    }
    process.stderr.write(`\n${name}: stopping and cleaning up; once more ends at once\n`)
    controller.abort(interruption(name))
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of signals) process.on(name, onSignal)
  return {
    signal: controller.signal,
    mute() {
      mutes += 1
      return { [Symbol.dispose]: () => void (mutes -= 1) }
    },
    [Symbol.dispose]() {
      for (const name of signals) process.off(name, onSignal)
    },
  }
}
